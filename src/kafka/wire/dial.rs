//! From a host name to an open socket.
//!
//! A name may have several addresses of which some are dead, and a cluster several
//! bootstrap servers of which some are silent. Both are raced the same way: the
//! next candidate starts when the last one failed or has been silent for a moment,
//! and the first that works wins (the idea of RFC 8305).

use super::endpoint::Endpoint;
use super::error::WireError;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long a candidate may be silent before the next one starts beside it.
pub(super) const STAGGER: Duration = Duration::from_millis(250);

/// The first success among `candidates`. A final error ends the race, so that
/// wrong credentials are tried once and not once per address; otherwise the first
/// error is returned, since later ones are mostly about worse candidates.
pub(super) async fn race<C, T, F>(candidates: Vec<C>, attempt: impl Fn(C) -> F) -> Result<T, WireError>
where
    F: Future<Output = Result<T, WireError>>,
{
    let mut waiting = candidates.into_iter();
    let mut running = FuturesUnordered::new();
    let mut first_error = None;
    loop {
        match waiting.next() {
            Some(candidate) => running.push(attempt(candidate)),
            None if running.is_empty() => {
                return Err(first_error.unwrap_or_else(|| WireError::Settings("no address to connect to".into())));
            }
            None => {}
        }
        tokio::select! {
            biased;
            Some(result) = running.next() => match result {
                Ok(value) => return Ok(value),
                Err(error) if error.is_final() => return Err(error),
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            },
            () = tokio::time::sleep(STAGGER), if waiting.len() > 0 => {}
        }
    }
}

/// The addresses of the host, at least one.
pub(super) async fn resolve(endpoint: &Endpoint) -> Result<Vec<SocketAddr>, WireError> {
    let unresolved = |detail: String| WireError::Resolve { host: endpoint.host.clone(), detail };
    let found = tokio::net::lookup_host((endpoint.host.as_str(), endpoint.port)).await;
    let addresses: Vec<_> = found.map_err(|error| unresolved(error.to_string()))?.collect();
    if addresses.is_empty() { Err(unresolved("no address".into())) } else { Ok(addresses) }
}

/// A TCP connection to the first of the host's addresses that accepts one.
pub(super) async fn tcp(addresses: &[SocketAddr]) -> Result<TcpStream, WireError> {
    let attempt = |address| async move { Ok(TcpStream::connect(address).await?) };
    let socket = race(alternate(addresses.to_vec()), attempt).await?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// The same addresses with families taking turns, the resolver's first one first:
/// where one family does not work at all, only every other attempt is lost.
fn alternate(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let starts_with_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|a| a.is_ipv6() == starts_with_v6);
    let mut ordered = Vec::with_capacity(first.len() + second.len());
    let mut second = second.into_iter();
    for address in first {
        ordered.push(address);
        ordered.extend(second.next());
    }
    ordered.extend(second);
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let parse = |text: &str| text.parse::<SocketAddr>().unwrap();
        let ordered = alternate(vec![parse("[::1]:1"), parse("[::2]:1"), parse("1.1.1.1:1")]);
        assert_eq!(ordered, [parse("[::1]:1"), parse("1.1.1.1:1"), parse("[::2]:1")]);
    }

    /// `None` never answers.
    async fn try_one(candidate: Option<Result<u8, WireError>>) -> Result<u8, WireError> {
        match candidate {
            Some(result) => result,
            None => std::future::pending().await,
        }
    }

    #[tokio::test]
    async fn a_silent_candidate_costs_one_stagger() {
        let start = tokio::time::Instant::now();
        let won = race(vec![None, Some(Ok(2))], try_one).await;
        assert_eq!(won, Ok(2));
        assert!(start.elapsed() >= STAGGER);
    }

    #[tokio::test]
    async fn a_failed_candidate_costs_nothing_and_credentials_are_tried_once() {
        let start = tokio::time::Instant::now();
        assert_eq!(race(vec![Some(Err(WireError::Refused)), Some(Ok(2))], try_one).await, Ok(2));
        assert!(start.elapsed() < STAGGER);
        let rejected = WireError::Rejected(String::new());
        assert_eq!(race(vec![Some(Err(rejected.clone())), Some(Ok(2))], try_one).await, Err(rejected));
        assert_eq!(race(Vec::new(), try_one).await.map_err(|error| error.is_final()), Err(true));
    }
}
