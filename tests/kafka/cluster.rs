//! Real clusters: KRaft, or one broker beside a ZooKeeper.
//!
//! Invariant: a cluster that was handed out lists all its brokers; one that
//! cannot start is a failure with the end of the broker's log.

use crate::maven::{self, Artifact};
use crate::patience::{self, LONG};
use crate::pki::Pki;
use crate::service::{Service, Signal};
use crate::target::{Certificate, Mechanism, Sasl, Security, Target};
use crate::witness::Witness;
use crate::{java, needs, places, ports};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// Knows everything and may do everything.
pub const ADMIN: (&str, &str) = ("admin", "admin-secret");
/// Connects, and sees only what an ACL allows.
pub const ALICE: (&str, &str) = ("alice", "alice-secret");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// Anonymous, and a super user: the back door of the tests.
    Plaintext,
    /// With a client certificate demanded.
    Ssl,
    SaslSsl,
    SaslPlaintext,
}

impl Listener {
    const ALL: [Self; 4] = [Self::Plaintext, Self::Ssl, Self::SaslSsl, Self::SaslPlaintext];

    fn word(self) -> &'static str {
        match self {
            Self::Plaintext => "PLAINTEXT",
            Self::Ssl => "SSL",
            Self::SaslSsl => "SASL_SSL",
            Self::SaslPlaintext => "SASL_PLAINTEXT",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    KRaft,
    ZooKeeper,
}

/// What to start.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    pub name: &'static str,
    pub artifact: Artifact,
    pub mode: Mode,
    pub brokers: usize,
    pub heap_mb: u32,
}

struct Node {
    id: usize,
    /// One port for each listener of `Listener::ALL`.
    ports: Vec<u16>,
    command: Vec<String>,
    dir: PathBuf,
    log: PathBuf,
    service: Mutex<Option<Service>>,
}

pub struct Cluster {
    pub recipe: Recipe,
    pub pki: Pki,
    nodes: Vec<Node>,
    zookeeper: Option<(Service, u16)>,
    data: PathBuf,
}

impl Cluster {
    pub fn start(recipe: Recipe) -> Result<Self, String> {
        needs::java()?;
        let classes = maven::resolve(recipe.artifact)?;
        let mut last = String::new();
        // A port found free may be taken by the time the broker binds it.
        for attempt in 0..3 {
            match Self::attempt(recipe, &classes, attempt) {
                Ok(cluster) => return Ok(cluster),
                Err(message) if message.contains("Address already in use") => last = message,
                Err(message) => return Err(message),
            }
        }
        Err(last)
    }

    fn attempt(recipe: Recipe, classes: &Path, attempt: usize) -> Result<Self, String> {
        let data = places::data().join(format!("{}-{attempt}", recipe.name));
        let logs = places::logs().join(recipe.name);
        let fail = |error: std::io::Error| format!("cannot prepare {}: {error}", data.display());
        fs::create_dir_all(&data).map_err(fail)?;
        let pki = Pki::create(&data.join("pki"))?;
        fs::write(data.join("log4j2.properties"), LOG4J2).map_err(fail)?;
        fs::write(data.join("log4j.properties"), LOG4J1).map_err(fail)?;

        let mut cluster = Self { recipe, pki, nodes: Vec::new(), zookeeper: None, data: data.clone() };
        let controllers = ports::take(recipe.brokers);
        if recipe.mode == Mode::ZooKeeper {
            let service = cluster.start_zookeeper(classes, controllers[0], &logs)?;
            cluster.zookeeper = Some((service, controllers[0]));
        }
        let logging = [
            format!("-Dlog4j2.configurationFile={}", data.join("log4j2.properties").display()),
            format!("-Dlog4j.configuration=file:{}", data.join("log4j.properties").display()),
        ];
        for index in 0..recipe.brokers {
            let id = index + 1;
            let dir = data.join(format!("n{id}"));
            fs::create_dir_all(&dir).map_err(fail)?;
            let ports = ports::take(Listener::ALL.len());
            let properties = cluster.properties(id, &controllers, &ports, &dir);
            let file = dir.join("server.properties");
            fs::write(&file, properties).map_err(fail)?;
            let mut command = java::command(classes, recipe.heap_mb, &logging, "kafka.Kafka");
            command.push(file.display().to_string());
            let log = logs.join(format!("broker-{id}.log"));
            cluster.nodes.push(Node { id, ports, command, dir, log, service: Mutex::new(None) });
        }
        if recipe.mode == Mode::KRaft {
            cluster.format(classes)?;
        }
        for id in 1..=recipe.brokers {
            cluster.start_broker(id)?;
        }
        cluster.wait_for(recipe.brokers)?;
        Ok(cluster)
    }

    /// Formats the brokers' folders side by side: each is a Java program of its own.
    fn format(&self, classes: &Path) -> Result<(), String> {
        let mut running = Vec::new();
        for node in &self.nodes {
            let mut command = java::command(classes, 128, &[], "kafka.tools.StorageTool");
            command.extend(["format", "-t", CLUSTER_ID, "-c"].map(str::to_owned));
            command.push(node.dir.join("server.properties").display().to_string());
            for (mechanism, (user, password)) in
                [("SCRAM-SHA-256", ALICE), ("SCRAM-SHA-512", ALICE), ("SCRAM-SHA-256", ADMIN), ("SCRAM-SHA-512", ADMIN)]
            {
                command.push("--add-scram".to_owned());
                command.push(format!("{mechanism}=[name={user},password={password}]"));
            }
            let child = Command::new(&command[0])
                .args(&command[1..])
                .stdin(std::process::Stdio::null())
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .map_err(|error| format!("cannot format {}: {error}", node.dir.display()))?;
            running.push(child);
        }
        for child in running {
            let output = child.wait_with_output().map_err(|error| format!("cannot format: {error}"))?;
            if !output.status.success() {
                return Err(format!(
                    "cannot format a broker's folder: {}{}",
                    String::from_utf8_lossy(&output.stdout),
                    String::from_utf8_lossy(&output.stderr)
                ));
            }
        }
        Ok(())
    }

    /// The address of its ZooKeeper, if it has one.
    pub fn zookeeper(&self) -> Option<String> {
        self.zookeeper.as_ref().map(|(_, port)| format!("127.0.0.1:{port}"))
    }

    fn start_zookeeper(&self, classes: &Path, port: u16, logs: &Path) -> Result<Service, String> {
        let dir = self.data.join("zookeeper");
        let file = dir.join("zoo.cfg");
        let settings = format!(
            "dataDir={}\nclientPort={port}\nclientPortAddress=127.0.0.1\nmaxClientCnxns=0\n\
             admin.enableServer=false\ntickTime=500\n",
            dir.join("data").display()
        );
        fs::create_dir_all(&dir)
            .and_then(|()| fs::write(&file, settings))
            .map_err(|error| format!("cannot prepare ZooKeeper: {error}"))?;
        let logging = [format!("-Dlog4j.configuration=file:{}", self.data.join("log4j.properties").display())];
        let mut command = java::command(classes, 128, &logging, "org.apache.zookeeper.server.quorum.QuorumPeerMain");
        command.push(file.display().to_string());
        let mut service = Service::start("ZooKeeper", &dir, &logs.join("zookeeper.log"), &command)?;
        patience::try_until("ZooKeeper's port", LONG, || {
            service.check()?;
            std::net::TcpStream::connect((std::net::Ipv4Addr::LOCALHOST, port))
                .map(drop)
                .map_err(|error| error.to_string())
        })?;
        Ok(service)
    }

    fn properties(&self, id: usize, controllers: &[u16], ports: &[u16], dir: &Path) -> String {
        let brokers = self.recipe.brokers;
        let mut lines = String::new();
        let mut put = |name: &str, value: &dyn std::fmt::Display| {
            // Writing into a String does not fail.
            let _ = writeln!(lines, "{name}={value}");
        };
        let bound: Vec<String> = Listener::ALL
            .iter()
            .zip(ports)
            .map(|(listener, port)| format!("{}://127.0.0.1:{port}", listener.word()))
            .collect();
        let mut listeners = bound.join(",");
        let kraft = self.recipe.mode == Mode::KRaft;
        match self.recipe.mode {
            Mode::KRaft => {
                let voters: Vec<String> = controllers
                    .iter()
                    .enumerate()
                    .map(|(index, port)| format!("{}@127.0.0.1:{port}", index + 1))
                    .collect();
                put("process.roles", &"broker,controller");
                put("node.id", &id);
                put("controller.quorum.voters", &voters.join(","));
                put("controller.listener.names", &"CONTROLLER");
                listeners = format!("CONTROLLER://127.0.0.1:{},{listeners}", controllers[id - 1]);
                put("authorizer.class.name", &"org.apache.kafka.metadata.authorizer.StandardAuthorizer");
            }
            Mode::ZooKeeper => {
                put("broker.id", &id);
                put("zookeeper.connect", &format!("127.0.0.1:{}/k", controllers[0]));
                put("zookeeper.session.timeout.ms", &6000);
                put("authorizer.class.name", &"kafka.security.authorizer.AclAuthorizer");
            }
        }
        let mut map = "PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL,SASL_PLAINTEXT:SASL_PLAINTEXT".to_owned();
        if kraft {
            map.push_str(",CONTROLLER:PLAINTEXT");
        }
        put("listener.security.protocol.map", &map);
        put("listeners", &listeners);
        put("advertised.listeners", &bound.join(","));
        put("inter.broker.listener.name", &"PLAINTEXT");
        put("broker.rack", &format!("rack-{id}"));
        put("replica.selector.class", &"org.apache.kafka.common.replica.RackAwareReplicaSelector");
        put("log.dirs", &dir.join("data").display());
        let copies = brokers.min(3);
        for name in ["default.replication.factor", "offsets.topic.replication.factor"] {
            put(name, &copies);
        }
        put("transaction.state.log.replication.factor", &copies);
        if kraft {
            put("share.coordinator.state.topic.replication.factor", &copies);
        }
        put("ssl.keystore.location", &self.pki.broker.display());
        put("ssl.truststore.location", &self.pki.authority.display());
        for listener in ["sasl_ssl", "sasl_plaintext"] {
            let prefix = format!("listener.name.{listener}");
            let package = "org.apache.kafka.common.security";
            put(&format!("{prefix}.sasl.enabled.mechanisms"), &"PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER");
            put(
                &format!("{prefix}.plain.sasl.jaas.config"),
                &format!(
                    "{package}.plain.PlainLoginModule required user_{}=\"{}\" user_{}=\"{}\";",
                    ADMIN.0, ADMIN.1, ALICE.0, ALICE.1
                ),
            );
            for (mechanism, module) in [
                ("scram-sha-256", "scram.ScramLoginModule"),
                ("scram-sha-512", "scram.ScramLoginModule"),
                ("oauthbearer", "oauthbearer.OAuthBearerLoginModule"),
            ] {
                put(&format!("{prefix}.{mechanism}.sasl.jaas.config"), &format!("{package}.{module} required;"));
            }
        }
        lines.push_str(BROKER);
        if kraft {
            lines.push_str(KRAFT);
        }
        lines
    }

    fn node(&self, id: usize) -> &Node {
        &self.nodes[id - 1]
    }

    /// Starts a broker, for the first time or again.
    pub fn start_broker(&self, id: usize) -> Result<(), String> {
        let node = self.node(id);
        let name = format!("{} broker {}", self.recipe.name, node.id);
        let service = Service::start(&name, &node.dir, &node.log, &node.command)?;
        *node.service.lock().unwrap_or_else(PoisonError::into_inner) = Some(service);
        Ok(())
    }

    pub fn kill_broker(&self, id: usize) {
        *self.node(id).service.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub fn signal_broker(&self, id: usize, signal: Signal) {
        if let Some(service) = &*self.node(id).service.lock().unwrap_or_else(PoisonError::into_inner) {
            service.signal(signal);
        }
    }

    /// Thaws and restarts what a test froze or killed, and waits for all of them.
    pub fn heal(&self) -> Result<(), String> {
        for node in &self.nodes {
            let gone = match &mut *node.service.lock().unwrap_or_else(PoisonError::into_inner) {
                Some(service) => {
                    service.signal(Signal::Continue);
                    service.check().is_err()
                }
                None => true,
            };
            if gone {
                self.start_broker(node.id)?;
            }
        }
        self.wait_for(self.nodes.len())
    }

    /// Waits until metadata lists `brokers` of them: those that are fenced are absent.
    pub fn wait_for(&self, brokers: usize) -> Result<(), String> {
        let witness = Witness::new(&self.target(Listener::Plaintext));
        patience::try_until(&format!("{brokers} brokers of {}", self.recipe.name), LONG, || {
            for node in &self.nodes {
                if let Some(service) = &mut *node.service.lock().unwrap_or_else(PoisonError::into_inner) {
                    service.check()?;
                }
            }
            let listed = witness.brokers()?;
            if listed == brokers { Ok(()) } else { Err(format!("{listed} are listed")) }
        })
    }

    pub fn bootstrap(&self, listener: Listener) -> String {
        let index = Listener::ALL.iter().position(|other| *other == listener).unwrap_or_default();
        let addresses: Vec<String> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.ports[index])).collect();
        addresses.join(",")
    }

    /// The cluster by one of its listeners, as its super user.
    pub fn target(&self, listener: Listener) -> Target {
        let security = match listener {
            Listener::Plaintext => Security::default(),
            Listener::Ssl => self.with_certificate(),
            Listener::SaslSsl | Listener::SaslPlaintext => self.with_sasl(listener, Mechanism::ScramSha512, ADMIN),
        };
        Target { bootstrap: self.bootstrap(listener), security, registry: None }
    }

    pub fn with_certificate(&self) -> Security {
        Security {
            authority: Some(self.pki.authority.clone()),
            certificate: Some(Certificate::Pem {
                chain: self.pki.client.clone(),
                key: self.pki.client_key.clone(),
                encrypted: false,
            }),
            sasl: None,
        }
    }

    pub fn with_sasl(&self, listener: Listener, mechanism: Mechanism, (user, password): (&str, &str)) -> Security {
        Security {
            authority: (listener == Listener::SaslSsl).then(|| self.pki.authority.clone()),
            certificate: None,
            sasl: Some(Sasl { mechanism, user: user.to_owned(), password: password.to_owned() }),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.nodes.clear();
        self.zookeeper = None;
        let _ = fs::remove_dir_all(&self.data);
    }
}

/// 16 bytes in URL-safe base64 without padding, as `format` wants it.
const CLUSTER_ID: &str = "4L6g3nShT-eMCtK--X86sw";

/// What every broker gets. The buffer of the log cleaner is by default larger
/// than our heaps; leaders stay where a test put them.
const BROKER: &str = "\
super.users=User:ANONYMOUS;User:admin
allow.everyone.if.no.acl.found=false
ssl.keystore.type=PEM
ssl.truststore.type=PEM
listener.name.ssl.ssl.client.auth=required
listener.name.ssl.ssl.principal.mapping.rules=RULE:^CN=([^,]+).*$/$1/,DEFAULT
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
auto.create.topics.enable=false
num.network.threads=1
num.io.threads=2
background.threads=2
num.recovery.threads.per.data.dir=1
num.partitions=1
min.insync.replicas=1
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=3
transaction.state.log.num.partitions=3
transaction.state.log.min.isr=1
replica.lag.time.max.ms=5000
auto.leader.rebalance.enable=false
log.segment.bytes=16777216
log.index.size.max.bytes=1048576
log.cleaner.dedupe.buffer.size=4194304
log.cleaner.backoff.ms=500
";

const KRAFT: &str = "\
share.coordinator.state.topic.num.partitions=3
share.coordinator.state.topic.min.isr=1
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=1000
controller.quorum.election.timeout.ms=500
controller.quorum.fetch.timeout.ms=1000
controller.quorum.election.backoff.max.ms=500
group.streams.heartbeat.interval.ms=500
group.streams.min.heartbeat.interval.ms=500
group.streams.initial.rebalance.delay.ms=0
group.streams.topology.description.plugin.class=org.apache.kafka.server.streams.InMemoryTopologyDescriptionPlugin
";

const LOG4J2: &str = "\
rootLogger.level=INFO
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{HH:mm:ss.SSS} %p %c{1} %m%n
";

const LOG4J1: &str = "\
log4j.rootLogger=INFO, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{HH:mm:ss.SSS} %p %c{1} %m%n
";
