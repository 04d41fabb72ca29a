//! `klamm exporter`: what is known of groups, for Prometheus.
//!
//! Owns: the rounds, and one page over HTTP. A page is made when its round ends;
//! whoever asks gets the last one. It serves until it is interrupted.

mod metrics;

use super::exit::{Exit, Stop};
use super::interrupt::signal;
use super::logging;
use super::output::complain;
use super::session::Session;
use crate::cluster::{Cluster, Groups, PartitionsOfGroups, now};
use crate::domain::verdict::Source;
use crate::domain::{Failure, FailureKind};
use bytes::Bytes;
use clap::Args;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics::Round;
use serde_json::json;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

/// Connections served at the same time, and how long one may take to say what it wants.
const MAX_CONNECTIONS: usize = 64;
const PATIENCE: Duration = Duration::from_secs(10);
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
const LOOPBACK: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9_308));

#[derive(Clone, Debug, Args)]
pub(crate) struct ExporterArguments {
    /// Where to serve; anything but loopback is reachable by others, without a password
    #[arg(long, value_name = "HOST:PORT", default_value_t = LOOPBACK)]
    listen: SocketAddr,
    /// Seconds between rounds; a round that takes long is followed by as long a pause
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    every: u64,
    /// Each partition of each group as well
    #[arg(long)]
    partitions: bool,
}

/// The last page; `None` before the first round has ended.
type Page = watch::Receiver<Option<Bytes>>;

pub(crate) async fn run(session: &mut Session, arguments: &ExporterArguments) -> Result<Exit, Stop> {
    logging::to_stderr();
    let cluster = session.connect().await?;
    let failed = |error: std::io::Error| {
        Failure::new(FailureKind::Unreachable, "listen for Prometheus", error.to_string())
            .on(arguments.listen.to_string())
            .hint("Another program may have the port; --listen takes another one.")
    };
    let listener = TcpListener::bind(arguments.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    session.output.line(&json!({"metrics": format!("http://{address}/metrics")}).to_string())?;
    session.output.flush()?;
    let (page, last) = watch::channel(None);
    // An interrupt is how serving ends, so it is not a failure.
    tokio::select! {
        () = signal() => {}
        () = rounds(&cluster, arguments, &page) => {}
        () = accept(listener, last) => {}
    }
    Ok(Exit::Done)
}

async fn rounds(cluster: &Cluster, arguments: &ExporterArguments, page: &watch::Sender<Option<Bytes>>) {
    let name = cluster.profile().name.clone();
    let mut said = None;
    loop {
        let (began, clock) = (now(), Instant::now());
        let answer = round(cluster, arguments.partitions, &mut said).await;
        let took = clock.elapsed();
        let (groups, partitions) = match &answer {
            Ok((groups, partitions)) => (Ok(&**groups), partitions.as_slice()),
            Err(failure) => {
                complain(&failure.to_string());
                (Err(failure), &[][..])
            }
        };
        let text = metrics::page(&Round { cluster: &name, began, took, groups, partitions });
        page.send_replace(Some(text.into()));
        tokio::time::sleep(Duration::from_secs(arguments.every).saturating_sub(took).max(took)).await;
    }
}

/// All groups: by the log of commits where it may be read, else by samples.
/// Why it may not is `said` once.
async fn round(
    cluster: &Cluster,
    with_partitions: bool,
    said: &mut Option<Failure>,
) -> Result<(Arc<Groups>, PartitionsOfGroups), Failure> {
    let judged = match with_partitions {
        true => cluster.groups_and_partitions(Source::Commits).await,
        false => cluster.groups_judged().await.map(|groups| (groups, Vec::new())),
    };
    let failure = match judged {
        Ok(judged) => return Ok(judged),
        Err(failure) => failure,
    };
    if said.as_ref() != Some(&failure) {
        complain(&format!("verdicts are estimated from samples: {failure}"));
        *said = Some(failure);
    }
    match with_partitions {
        true => cluster.groups_and_partitions(Source::Sampled).await,
        false => cluster.groups().await.map(|groups| (groups, Vec::new())),
    }
}

async fn accept(listener: TcpListener, page: Page) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: others end.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let page = page.clone();
        tokio::spawn(async move {
            let _permit = permit;
            let service = service_fn(move |request: Request<_>| {
                let answer = answer(request.method(), request.uri().path(), &page);
                std::future::ready(Ok::<_, Infallible>(answer))
            });
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
            if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
                tracing::debug!(%error, "connection closed");
            }
        });
    }
}

fn answer(method: &Method, path: &str, page: &Page) -> Response<Full<Bytes>> {
    let (status, body) = match (method, path) {
        (&Method::GET | &Method::HEAD, "/metrics") => match &*page.borrow() {
            Some(page) => (StatusCode::OK, page.clone()),
            None => (StatusCode::SERVICE_UNAVAILABLE, Bytes::from_static(b"the first round is under way\n")),
        },
        (&Method::GET | &Method::HEAD, "/") => (StatusCode::OK, Bytes::from_static(b"klamm: see /metrics\n")),
        (&Method::GET | &Method::HEAD, _) => (StatusCode::NOT_FOUND, Bytes::from_static(b"see /metrics\n")),
        _ => (StatusCode::METHOD_NOT_ALLOWED, Bytes::from_static(b"only GET\n")),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, MEDIA_TYPE);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_page_and_it_comes_after_the_first_round() {
        let (sender, page) = watch::channel(None);
        let status = |method, path| answer(&method, path, &page).status().as_u16();
        assert_eq!(status(Method::GET, "/metrics"), 503, "nothing is known yet, and that is not zero");
        sender.send_replace(Some(Bytes::from_static(b"klamm_up 1\n")));
        assert_eq!(status(Method::GET, "/metrics"), 200);
        assert_eq!((status(Method::GET, "/"), status(Method::GET, "/x")), (200, 404));
        assert_eq!(status(Method::POST, "/metrics"), 405);
    }
}
