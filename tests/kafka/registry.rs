//! A real schema registry with the Confluent interface.

use crate::maven::{self, Artifact};
use crate::patience::{self, LONG};
use crate::service::Service;
use crate::{needs, places, ports};
use std::fs;

pub struct Registry {
    service: Service,
    port: u16,
}

impl Registry {
    /// `name` tells its log from that of another.
    pub fn start(name: &str) -> Result<Self, String> {
        needs::java()?;
        let home = maven::resolve(Artifact::Apicurio)?;
        let runner = fs::read_dir(&home)
            .map_err(|error| format!("cannot read {}: {error}", home.display()))?
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.to_string_lossy().ends_with("-runner.jar"))
            .ok_or_else(|| format!("no runner in {}", home.display()))?;
        let mut last = String::new();
        for _ in 0..3 {
            match Self::attempt(name, &runner.display().to_string()) {
                Ok(registry) => return Ok(registry),
                Err(message) if message.contains("already in use") => last = message,
                Err(message) => return Err(message),
            }
        }
        Err(last)
    }

    fn attempt(name: &str, runner: &str) -> Result<Self, String> {
        let taken = ports::take(2);
        let (port, process_id_port) = (taken[0], taken[1]);
        let dir = places::data();
        fs::create_dir_all(&dir).map_err(|error| format!("cannot prepare {}: {error}", dir.display()))?;
        let mut command: Vec<String> =
            ["java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"].map(str::to_owned).to_vec();
        command.push("-Dquarkus.http.host=127.0.0.1".to_owned());
        command.push(format!("-Dquarkus.http.port={port}"));
        // Its transaction manager binds a second port, a random one unless told which.
        command.push(format!("-DCoreEnvironmentBean.socketProcessIdPort={process_id_port}"));
        command.extend(["-jar".to_owned(), runner.to_owned()]);
        let service =
            Service::start(&format!("the {name}"), &dir, &places::logs().join(format!("{name}.log")), &command)?;
        let mut registry = Self { service, port };
        patience::try_until("the registry", LONG, || {
            registry.service.check()?;
            registry.request("GET", "/subjects", None).map(drop)
        })?;
        // Its default is NONE where Confluent's is BACKWARD.
        registry.request("PUT", "/config", Some(r#"{"compatibility":"BACKWARD"}"#))?;
        Ok(registry)
    }

    /// The address clients are given; it has a path.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/apis/ccompat/v7", self.port)
    }

    fn request(&self, method: &str, path: &str, body: Option<&str>) -> Result<String, String> {
        request(&self.url(), method, path, body)
    }
}

/// Registers an Avro schema and returns its id.
pub fn register(url: &str, subject: &str, schema: &str) -> u32 {
    register_as(url, subject, "AVRO", schema)
}

/// The same for a schema of another type.
pub fn register_as(url: &str, subject: &str, kind: &str, schema: &str) -> u32 {
    register_with(url, subject, kind, schema, &[])
}

/// What a schema calls another, and that one's subject and version.
pub type Referred<'a> = (&'a str, &'a str, i32);

/// The same for a schema that refers to others.
pub fn register_with(url: &str, subject: &str, kind: &str, schema: &str, referred: &[Referred<'_>]) -> u32 {
    let of = |(name, subject, version): &Referred<'_>| serde_json::json!({"name": name, "subject": subject, "version": version});
    let referred: Vec<_> = referred.iter().map(of).collect();
    let body = serde_json::json!({ "schema": schema, "schemaType": kind, "references": referred }).to_string();
    let answer = request(url, "POST", &format!("/subjects/{subject}/versions"), Some(&body))
        .unwrap_or_else(|error| panic!("cannot register {subject}: {error}"));
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("the registry answers in JSON");
    u32::try_from(answer["id"].as_u64().expect("an id")).expect("a small id")
}

/// Would the registry take this schema as the subject's next version?
pub fn is_compatible(url: &str, subject: &str, schema: &str) -> bool {
    let body = serde_json::json!({ "schema": schema }).to_string();
    let path = format!("/compatibility/subjects/{subject}/versions/latest");
    let answer =
        request(url, "POST", &path, Some(&body)).unwrap_or_else(|error| panic!("cannot check {subject}: {error}"));
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("the registry answers in JSON");
    answer["is_compatible"].as_bool().expect("yes or no")
}

/// What a path answers.
pub fn get(url: &str, path: &str) -> serde_json::Value {
    let answer = request(url, "GET", path, None).unwrap_or_else(|error| panic!("cannot get {path}: {error}"));
    serde_json::from_str(&answer).expect("the registry answers in JSON")
}

fn request(url: &str, method: &str, path: &str, body: Option<&str>) -> Result<String, String> {
    let method = reqwest::Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
    let request = async {
        let mut request = reqwest::Client::new().request(method, format!("{url}{path}"));
        if let Some(body) = body {
            request = request.header("content-type", "application/vnd.schemaregistry.v1+json").body(body.to_owned());
        }
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        Ok::<_, reqwest::Error>((status, text))
    };
    match crate::witness::runtime().block_on(request) {
        Ok((status, text)) if status.is_success() => Ok(text),
        Ok((status, text)) => Err(format!("{status}: {text}")),
        Err(error) => Err(error.to_string()),
    }
}
