//! Authentication over SaslHandshake and SaslAuthenticate.
//!
//! Invariant: credentials are sent once per connection; a rejection is final.

use super::connection::Connection;
use super::error::WireError;
use super::scram::Scram;
use super::security::Sasl;
use bytes::Bytes;
use kafka_protocol::ResponseError as Code;
use kafka_protocol::messages::{SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_protocol::protocol::StrBytes;
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;
use tokio::time::Instant;

/// How much of a session is used before a fresh connection takes over.
const USED_OF_SESSION: f64 = 0.8;

/// Authenticates `connection`. Where the broker limits the session, the connection
/// is marked to take no requests in its last part: the pool then opens another,
/// which authenticates anew, while requests under way finish on this one.
pub(super) async fn authenticate(connection: &Connection, sasl: &Sasl, limit: Duration) -> Result<(), WireError> {
    converse(connection, sasl, limit).await.map_err(|error| match error {
        // A broker may repeat what it was told.
        WireError::Rejected(message) => WireError::Rejected(without(&message, sasl.secret())),
        other => other,
    })
}

fn without(message: &str, secret: &SecretString) -> String {
    match secret.expose_secret() {
        "" => message.to_owned(),
        secret => message.replace(secret, "***"),
    }
}

async fn converse(connection: &Connection, sasl: &Sasl, limit: Duration) -> Result<(), WireError> {
    let mechanism = StrBytes::from_static_str(sasl.mechanism());
    let version = connection.version::<SaslHandshakeRequest>()?;
    let offered = connection.call(&SaslHandshakeRequest::default().with_mechanism(mechanism), version, limit).await?;
    match Code::try_from_code(offered.error_code) {
        None => {}
        Some(Code::UnsupportedSaslMechanism) => {
            let offered = offered.mechanisms.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(WireError::MechanismNotOffered { wanted: sasl.mechanism(), offered });
        }
        Some(Code::IllegalSaslState) => return Err(WireError::NoSasl),
        Some(other) => return Err(WireError::Code(other.code())),
    }
    let dialogue = Dialogue { connection, limit };
    let last = match sasl {
        Sasl::Plain { user, password } => dialogue.say(format!("\0{user}\0{}", password.expose_secret())).await?,
        Sasl::Scram { hash, user, password } => {
            let scram = Scram::new(*hash, user, password.expose_secret())?;
            let first = dialogue.say(scram.first()).await?;
            let last = scram.answer(&first.bytes)?;
            let answer = dialogue.say(last.message.clone()).await?;
            last.verify(&answer.bytes)?;
            answer
        }
        Sasl::OAuthBearer { token } => {
            let answer = dialogue.say(format!("n,,\x01auth=Bearer {}\x01\x01", token.expose_secret())).await?;
            if !answer.bytes.is_empty() {
                return Err(WireError::Rejected(String::from_utf8_lossy(&answer.bytes).into_owned()));
            }
            answer
        }
    };
    if let Some(lifetime) = last.lifetime {
        connection.expires_at(Instant::now() + lifetime.mul_f64(USED_OF_SESSION));
    }
    Ok(())
}

struct Dialogue<'a> {
    connection: &'a Connection,
    limit: Duration,
}

struct Said {
    bytes: Bytes,
    lifetime: Option<Duration>,
}

impl Dialogue<'_> {
    async fn say(&self, message: String) -> Result<Said, WireError> {
        let version = self.connection.version::<SaslAuthenticateRequest>()?;
        let request = SaslAuthenticateRequest::default().with_auth_bytes(message.into_bytes().into());
        let answer = self.connection.call(&request, version, self.limit).await.map_err(hung_up)?;
        match Code::try_from_code(answer.error_code) {
            None => {}
            Some(Code::SaslAuthenticationFailed | Code::IllegalSaslState) => {
                return Err(WireError::Rejected(answer.error_message.map(|text| text.to_string()).unwrap_or_default()));
            }
            Some(other) => return Err(WireError::Code(other.code())),
        }
        let lifetime = u64::try_from(answer.session_lifetime_ms).ok().filter(|millis| *millis > 0);
        Ok(Said { bytes: answer.auth_bytes, lifetime: lifetime.map(Duration::from_millis) })
    }
}

/// A broker that ends the conversation on credentials has rejected them: to try
/// again at once could lock the account.
fn hung_up(error: WireError) -> WireError {
    match error {
        WireError::Closed { .. } | WireError::ClosedAtOnce => WireError::Rejected("it closed the connection".into()),
        other => other,
    }
}
