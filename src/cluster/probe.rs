//! Trying a profile step by step: each stage of the way into a cluster as it ends.
//!
//! Owns: the order of the stages, what is tried of several addresses, and the words
//! about what was found. Must not know how the steps are shown.
//! Invariants: credentials are sent once, whatever the number of addresses; every
//! stage gives a step, also the one that was not reached; nothing is changed.

use super::clock::now;
use super::settings;
use crate::domain::broker::Broker;
use crate::domain::certificate::PeerCertificate;
use crate::domain::{Failure, Time, show};
use crate::kafka::wire::{Answering, Endpoint, Line, Probe};
use crate::profile::Profile;
use crate::services::registry::Registry;
use futures::StreamExt as _;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Steps that may wait for whoever shows them.
const WAITING: usize = 64;
/// Advertised addresses that are tried at the same time.
const TOGETHER: usize = 8;
/// A certificate that ends sooner is worth a word.
const EXPIRES_SOON: Duration = Duration::from_secs(30 * 86_400);

/// A stage of the way into a cluster, in the order of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Certificates and secrets that the profile names.
    Settings,
    Resolve,
    Tcp,
    Tls,
    ApiVersions,
    Sasl,
    Metadata,
    /// The address that a broker advertises, which every client must reach.
    Listener,
    Registry,
}

impl Stage {
    pub const ALL: [Stage; 9] = [
        Self::Settings,
        Self::Resolve,
        Self::Tcp,
        Self::Tls,
        Self::ApiVersions,
        Self::Sasl,
        Self::Metadata,
        Self::Listener,
        Self::Registry,
    ];

    /// Its name in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Resolve => "resolve",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::ApiVersions => "api_versions",
            Self::Sasl => "sasl",
            Self::Metadata => "metadata",
            Self::Listener => "listener",
            Self::Registry => "registry",
        }
    }
}

/// How a stage ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    Ok(String),
    /// It works, and something about it is worth a look.
    Look {
        found: String,
        hint: String,
    },
    Failed(Failure),
    /// It was not reached, or the profile does without it.
    Skipped(String),
}

/// One stage with its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeStep {
    pub stage: Stage,
    /// The address it was about; empty for what is about none.
    pub target: String,
    pub ending: Ending,
    /// Shown by the broker, where the stage is TLS.
    pub certificate: Option<PeerCertificate>,
    pub took: Duration,
}

/// Walks the whole way; the receiver ends after the last step. Dropping it stops
/// the walk.
pub fn probe(profile: Profile) -> mpsc::Receiver<ProbeStep> {
    let (steps, receiver) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        // Whoever stops listening has seen enough.
        let _ = Walk { steps, told: BTreeSet::new() }.through(&profile).await;
    });
    receiver
}

/// Nobody listens any more.
struct Gone;

struct Walk {
    steps: mpsc::Sender<ProbeStep>,
    told: BTreeSet<Stage>,
}

/// What a stage gave, with how long it took.
struct Timed<T> {
    result: Result<T, Failure>,
    took: Duration,
}

async fn timed<T>(work: impl Future<Output = Result<T, Failure>>) -> Timed<T> {
    let began = Instant::now();
    let result = work.await;
    Timed { result, took: began.elapsed() }
}

impl Walk {
    async fn through(&mut self, profile: &Profile) -> Result<(), Gone> {
        let prepared = settings::wire_options(profile).and_then(|options| Ok((Probe::new(&options)?, options)));
        match prepared {
            Ok((probe, options)) => self.cluster(&probe, &options.bootstrap, profile).await?,
            Err(failure) => {
                self.tell(Stage::Settings, "", Ending::Failed(failure), Duration::ZERO).await?;
                self.skip(Stage::Resolve, Stage::Metadata, "the settings cannot be used").await?;
            }
        }
        self.registry(profile).await
    }

    async fn cluster(&mut self, probe: &Probe, bootstrap: &[Endpoint], profile: &Profile) -> Result<(), Gone> {
        let mut untried = bootstrap.iter();
        let mut answering = None;
        for endpoint in untried.by_ref() {
            let Some(line) = self.line(probe, endpoint, false).await? else { continue };
            if let Some(broker) = self.greet(probe, endpoint, line).await? {
                answering = Some((endpoint, broker));
                break;
            }
        }
        let Some((endpoint, broker)) = answering else {
            return self.skip(Stage::Tls, Stage::Metadata, "no address of the profile got this far").await;
        };
        let brokers = if self.authenticate(probe, endpoint, &broker, profile).await? {
            self.members(probe, endpoint, &broker).await?
        } else {
            self.skip(Stage::Metadata, Stage::Metadata, "the credentials were not accepted").await?;
            Vec::new()
        };
        let advertised: Vec<Endpoint> =
            brokers.iter().map(|broker| Endpoint::new(&*broker.host, broker.port)).collect();
        // One address is enough to begin with; the others are only looked at.
        for spare in untried.filter(|endpoint| !advertised.contains(endpoint)) {
            self.line(probe, spare, true).await?;
        }
        // As they finish: one that is silent does not hold back the others.
        let mut listeners = futures::stream::iter(brokers)
            .map(|broker| async move { listener(probe, broker).await })
            .buffer_unordered(TOGETHER);
        while let Some(step) = listeners.next().await {
            self.send(step).await?;
        }
        Ok(())
    }

    /// Name, socket and TLS of one address.
    async fn line(&mut self, probe: &Probe, endpoint: &Endpoint, is_spare: bool) -> Result<Option<Line>, Gone> {
        let target = endpoint.to_string();
        let resolved = timed(probe.resolve(endpoint)).await;
        let found = |addresses: &Vec<std::net::SocketAddr>| {
            let mut shown: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
            shown.dedup();
            shown.join(", ")
        };
        let Some(addresses) = self.end(Stage::Resolve, &target, resolved, found).await? else {
            return Ok(None);
        };
        let dialled = timed(probe.dial(endpoint, &addresses)).await;
        let said = if is_spare { "connected; not needed now" } else { "connected" };
        let Some(socket) = self.end(Stage::Tcp, &target, dialled, |_| said.to_owned()).await? else {
            return Ok(None);
        };
        if !probe.has_tls() {
            if !is_spare {
                let why = "the profile connects without TLS".to_owned();
                self.tell(Stage::Tls, &target, Ending::Skipped(why), Duration::ZERO).await?;
            }
            return Ok(probe.secure(endpoint, socket).await.ok().map(|(line, _)| line));
        }
        let Timed { result, took } = timed(probe.secure(endpoint, socket)).await;
        let (line, certificate, ending) = match result {
            Ok((line, certificate)) => {
                let ending = certificate
                    .as_ref()
                    .map_or_else(|| Ending::Ok("encrypted".into()), |certificate| of_certificate(certificate, now()));
                (Some(line), certificate, ending)
            }
            Err(failure) => (None, None, Ending::Failed(failure)),
        };
        self.send(ProbeStep { stage: Stage::Tls, target, ending, certificate, took }).await?;
        Ok(line)
    }

    async fn greet(&mut self, probe: &Probe, endpoint: &Endpoint, line: Line) -> Result<Option<Answering>, Gone> {
        let greeted = timed(probe.greet(endpoint, line)).await;
        let said = |broker: &Answering| match broker.release() {
            Some(release) => format!("{} APIs, as Kafka {release} or newer speaks them", broker.apis()),
            None => format!("{} APIs", broker.apis()),
        };
        self.end(Stage::ApiVersions, &endpoint.to_string(), greeted, said).await
    }

    async fn authenticate(
        &mut self,
        probe: &Probe,
        endpoint: &Endpoint,
        broker: &Answering,
        profile: &Profile,
    ) -> Result<bool, Gone> {
        let target = endpoint.to_string();
        let Some(mechanism) = probe.mechanism() else {
            let why = "the profile has no credentials".to_owned();
            self.tell(Stage::Sasl, &target, Ending::Skipped(why), Duration::ZERO).await?;
            return Ok(true);
        };
        let user = profile.sasl.as_ref().map_or("", |sasl| sasl.user.as_str());
        let who = if user.is_empty() { String::new() } else { format!(" as {user}") };
        let done = timed(probe.authenticate(endpoint, broker)).await;
        let said = |(): &()| format!("{mechanism}{who} was accepted");
        Ok(self.end(Stage::Sasl, &target, done, said).await?.is_some())
    }

    async fn members(&mut self, probe: &Probe, endpoint: &Endpoint, broker: &Answering) -> Result<Vec<Broker>, Gone> {
        let target = endpoint.to_string();
        let Timed { result, took } = timed(probe.members(endpoint, broker)).await;
        let members = match result {
            Ok(members) => members,
            Err(failure) => {
                self.tell(Stage::Metadata, &target, Ending::Failed(failure), took).await?;
                return Ok(Vec::new());
            }
        };
        let found = format!(
            "cluster {}: {}",
            members.cluster_id.as_deref().unwrap_or("without an id"),
            show::plural(members.brokers.len(), "broker")
        );
        let ending = if members.may_describe_cluster == Some(false) {
            let hint = "Without DESCRIBE on the cluster every total is of what you may see.".to_owned();
            Ending::Look { found, hint }
        } else {
            Ending::Ok(found)
        };
        self.tell(Stage::Metadata, &target, ending, took).await?;
        Ok(members.brokers)
    }

    async fn registry(&mut self, profile: &Profile) -> Result<(), Gone> {
        let registry = match settings::registry(profile) {
            Ok(None) => return self.skip(Stage::Registry, Stage::Registry, "the profile has no registry").await,
            Ok(Some(registry)) => registry,
            Err(failure) => return self.tell(Stage::Registry, "", Ending::Failed(failure), Duration::ZERO).await,
        };
        let url = registry.url().to_owned();
        let found = timed(asked(&registry)).await;
        self.end(Stage::Registry, &url, found, |subjects| show::plural(*subjects, "subject")).await?;
        Ok(())
    }

    /// Tells how a stage ended and hands on what it gave.
    async fn end<T>(
        &mut self,
        stage: Stage,
        target: &str,
        timed: Timed<T>,
        said: impl Fn(&T) -> String,
    ) -> Result<Option<T>, Gone> {
        let Timed { result, took } = timed;
        let (value, ending) = match result {
            Ok(value) => {
                let said = said(&value);
                (Some(value), Ending::Ok(said))
            }
            Err(failure) => (None, Ending::Failed(failure)),
        };
        self.tell(stage, target, ending, took).await?;
        Ok(value)
    }

    /// Says of the stages from one to another that were not told why they were not reached.
    async fn skip(&mut self, from: Stage, to: Stage, why: &str) -> Result<(), Gone> {
        for stage in Stage::ALL.into_iter().filter(|stage| (from..=to).contains(stage)) {
            if !self.told.contains(&stage) {
                self.tell(stage, "", Ending::Skipped(why.to_owned()), Duration::ZERO).await?;
            }
        }
        Ok(())
    }

    async fn tell(&mut self, stage: Stage, target: &str, ending: Ending, took: Duration) -> Result<(), Gone> {
        self.send(ProbeStep { stage, target: target.to_owned(), ending, certificate: None, took }).await
    }

    async fn send(&mut self, step: ProbeStep) -> Result<(), Gone> {
        self.told.insert(step.stage);
        self.steps.send(step).await.map_err(|_| Gone)
    }
}

async fn asked(registry: &Registry) -> Result<usize, Failure> {
    registry.ping().await?;
    Ok(registry.subjects().await?.len())
}

/// Whether the address that a broker advertises can be reached from here.
async fn listener(probe: &Probe, broker: Broker) -> ProbeStep {
    let endpoint = Endpoint::new(&*broker.host, broker.port);
    let reach = async {
        let addresses = probe.resolve(&endpoint).await?;
        let socket = probe.dial(&endpoint, &addresses).await?;
        probe.secure(&endpoint, socket).await
    };
    let Timed { result, took } = timed(reach).await;
    let (ending, certificate) = match result {
        Ok((_, certificate)) => {
            let reached = format!("broker {} can be reached where it says it is", broker.id);
            let ending = match certificate.as_ref().map(|certificate| of_certificate(certificate, now())) {
                Some(Ending::Look { hint, .. }) => Ending::Look { found: reached, hint },
                _ => Ending::Ok(reached),
            };
            (ending, certificate)
        }
        Err(failure) => (Ending::Failed(of_listener(failure, &broker)), None),
    };
    ProbeStep { stage: Stage::Listener, target: endpoint.to_string(), ending, certificate, took }
}

/// The same failure with advice for an address that nobody here wrote.
fn of_listener(failure: Failure, broker: &Broker) -> Failure {
    use crate::domain::FailureKind::{Timeout, Unreachable};
    let operation = format!("reach broker {} at its advertised address", broker.id);
    let hint = match failure.kind {
        Unreachable | Timeout => Some(
            "Every client must reach what the broker advertises: check its advertised.listeners, this machine's DNS and the VPN."
                .to_owned(),
        ),
        _ => failure.hint.clone(),
    };
    Failure { operation, hint, ..failure }
}

fn of_certificate(certificate: &PeerCertificate, now: Time) -> Ending {
    let names = if certificate.names.is_empty() { "no name".to_owned() } else { certificate.names.join(", ") };
    let day = certificate.not_after.rfc3339().and_then(|time| time.get(..10).map(str::to_owned));
    let found = format!(
        "{}: {} for {names}, issued by {}, until {}",
        certificate.protocol,
        certificate.subject,
        certificate.issuer,
        day.as_deref().unwrap_or("a time outside the calendar")
    );
    let soon = now.plus_millis(i64::try_from(EXPIRES_SOON.as_millis()).unwrap_or(i64::MAX));
    if certificate.not_after <= soon {
        let days = usize::try_from((certificate.not_after.millis() - now.millis()).max(0) / 86_400_000).unwrap_or(0);
        let hint = format!("The broker's certificate ends in {}: renew it.", show::plural(days, "day"));
        return Ending::Look { found, hint };
    }
    Ending::Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BrokerId, FailureKind};

    async fn walked(profile: Profile) -> Vec<ProbeStep> {
        let mut steps = probe(profile);
        let mut seen = Vec::new();
        while let Some(step) = steps.recv().await {
            seen.push(step);
        }
        seen
    }

    #[tokio::test]
    async fn each_stage_is_told_whether_it_was_reached_or_not() {
        let closed = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().to_string()
        };
        let steps = walked(Profile::plain("p", vec![closed.clone()])).await;
        let stages: Vec<Stage> = steps.iter().map(|step| step.stage).collect();
        let rest = [Stage::Tls, Stage::ApiVersions, Stage::Sasl, Stage::Metadata, Stage::Registry];
        assert_eq!(stages, [&[Stage::Resolve, Stage::Tcp], rest.as_slice()].concat());
        assert_eq!(steps[0].ending, Ending::Ok("127.0.0.1".into()));
        let Ending::Failed(failure) = &steps[1].ending else { panic!("{:?}", steps[1]) };
        assert_eq!((failure.kind, failure.broker.as_deref()), (FailureKind::Unreachable, Some(closed.as_str())));
        assert!(failure.hint.is_some(), "{failure:?}");
        assert!(steps[2..].iter().all(|step| matches!(step.ending, Ending::Skipped(_))), "{steps:?}");
    }

    #[test]
    fn a_certificate_that_ends_soon_is_worth_a_look() {
        let ends = |days: i64| PeerCertificate {
            subject: "CN=b".into(),
            issuer: "CN=ca".into(),
            names: vec!["b.example".into()],
            not_before: Time(0),
            not_after: Time(days * 86_400_000),
            protocol: "TLSv1.3".into(),
        };
        let Ending::Ok(said) = of_certificate(&ends(400), Time(0)) else { panic!("a year is long") };
        assert_eq!(said, "TLSv1.3: CN=b for b.example, issued by CN=ca, until 1971-02-05");
        let Ending::Look { hint, .. } = of_certificate(&ends(12), Time(0)) else { panic!("twelve days are not") };
        assert!(hint.contains("12 days"), "{hint}");
    }

    #[test]
    fn an_advertised_address_that_is_not_there_is_the_brokers_setting() {
        let broker = Broker { id: BrokerId(2), host: "internal".into(), port: 9092, rack: None };
        let failure = of_listener(Failure::new(FailureKind::Unreachable, "resolve", "no"), &broker);
        assert!(failure.hint.is_some_and(|hint| hint.contains("advertised.listeners")));
    }
}
