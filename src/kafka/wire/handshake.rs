//! From an address to a connection that is ready for requests.
//!
//! Order: socket, TLS, versions, credentials. Each stage fails in its own words.

use super::connection::{Connection, Io};
use super::endpoint::Endpoint;
use super::error::{TlsError, WireError};
use super::security::Sasl;
use super::throttle::Throttle;
use super::tls::TlsOpener;
use super::{Options, dial, guard, sasl};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{ApiVersionsRequest, ApiVersionsResponse};
use kafka_protocol::protocol::StrBytes;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_openssl::SslStream;

/// The first version whose request names the client; its answer to a broker that
/// does not know it comes in version 0.
const FIRST_TRY: i16 = 3;

/// Lowest and highest version by API key.
pub(super) type Versions = HashMap<i16, (i16, i16)>;

/// What every connection of a client is opened with.
pub(super) struct Opener {
    client_id: String,
    connect_timeout: Duration,
    tls: Option<TlsOpener>,
    sasl: Option<Sasl>,
}

impl Opener {
    pub(super) fn new(options: &Options) -> Result<Self, WireError> {
        Ok(Self {
            client_id: options.client_id.clone(),
            connect_timeout: options.connect_timeout,
            tls: options.security.tls.as_ref().map(TlsOpener::new).transpose()?,
            sasl: options.security.sasl.clone(),
        })
    }

    pub(super) async fn open(&self, endpoint: &Endpoint, throttle: Arc<Throttle>) -> Result<Connection, WireError> {
        let socket = self.dial(&self.resolve(endpoint).await?).await?;
        let io: Box<dyn Io> = match &self.tls {
            None => Box::new(socket),
            Some(tls) => Box::new(self.secure(tls, socket, endpoint).await?),
        };
        let (connection, _) = self.greet(io, endpoint, throttle).await?;
        self.authenticate(&connection).await?;
        Ok(connection)
    }

    pub(super) fn tls(&self) -> Option<&TlsOpener> {
        self.tls.as_ref()
    }

    pub(super) fn sasl(&self) -> Option<&Sasl> {
        self.sasl.as_ref()
    }

    pub(super) async fn resolve(&self, endpoint: &Endpoint) -> Result<Vec<SocketAddr>, WireError> {
        let late = |_| WireError::Resolve { host: endpoint.host.clone(), detail: "the resolver did not answer".into() };
        timeout(self.connect_timeout, dial::resolve(endpoint)).await.map_err(late)?
    }

    pub(super) async fn dial(&self, addresses: &[SocketAddr]) -> Result<TcpStream, WireError> {
        let late = |_| WireError::ConnectTimeout(self.connect_timeout);
        timeout(self.connect_timeout, dial::tcp(addresses)).await.map_err(late)?
    }

    pub(super) async fn secure(
        &self,
        tls: &TlsOpener,
        socket: TcpStream,
        endpoint: &Endpoint,
    ) -> Result<SslStream<TcpStream>, WireError> {
        let late = |_| WireError::Tls(TlsError::Silent(self.connect_timeout));
        timeout(self.connect_timeout, tls.wrap(socket, &endpoint.host)).await.map_err(late)?
    }

    /// Agrees on versions; returns them too, by API key.
    pub(super) async fn greet(
        &self,
        io: Box<dyn Io>,
        endpoint: &Endpoint,
        throttle: Arc<Throttle>,
    ) -> Result<(Connection, Versions), WireError> {
        let connection = Connection::start(io, endpoint.to_string(), &self.client_id, throttle);
        let answer = self.negotiate(&connection).await.map_err(|error| match error {
            WireError::Deadline(limit) => WireError::Silent(limit),
            other => other,
        })?;
        let versions: Versions =
            answer.api_keys.iter().map(|api| (api.api_key, (api.min_version, api.max_version))).collect();
        connection.speaks(versions.clone());
        Ok((connection, versions))
    }

    pub(super) async fn authenticate(&self, connection: &Connection) -> Result<(), WireError> {
        match &self.sasl {
            Some(sasl) => sasl::authenticate(connection, sasl, self.connect_timeout).await,
            None => Ok(()),
        }
    }

    async fn negotiate(&self, connection: &Connection) -> Result<ApiVersionsResponse, WireError> {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str("klamm"))
            .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
        let body = connection.exchange(&request, FIRST_TRY, self.connect_timeout).await?;
        // The error code comes first in every version.
        let code = body.get(..2).and_then(|code| code.try_into().ok()).map(i16::from_be_bytes);
        let answer = if code == Some(ResponseError::UnsupportedVersion.code()) {
            connection.call(&ApiVersionsRequest::default(), 0, self.connect_timeout).await?
        } else {
            guard::decode::<ApiVersionsResponse>(&body, FIRST_TRY).map_err(WireError::Malformed)?
        };
        if answer.error_code == 0 { Ok(answer) } else { Err(WireError::Code(answer.error_code)) }
    }
}
