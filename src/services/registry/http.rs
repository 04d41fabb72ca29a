//! One request to the registry, from path to document or failure.

use super::answer::Refusal;
use super::reading::is_reading;
use super::{Basic, LARGEST_BODY, Options};
use crate::domain::registry_context::RegistryContext;
use crate::domain::{Failure, FailureKind};
use reqwest::{Certificate, Client, Method, Response, StatusCode, Url};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;

const CONFIGURE: &str = "prepare the registry client";
const NOT_A_REGISTRY: &str = "Check the registry's URL and its path: something else answers there.";

pub(super) struct Http {
    client: Client,
    /// The registry's own address,
    root: Url,
    /// and that of the context.
    base: Url,
    pub context: RegistryContext,
    shown: String,
    auth: Option<Basic>,
}

impl Http {
    pub fn new(options: Options) -> Result<Self, Failure> {
        let invalid = |message: String| Failure::new(FailureKind::Invalid, CONFIGURE, message);
        let mut base = Url::parse(&options.url).map_err(|error| invalid(format!("its URL is not one: {error}")))?;
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(invalid("its URL does not begin with http:// or https://".into()));
        }
        // Credentials come beside the address; in it they would be shown with it.
        let _ = base.set_username("");
        let _ = base.set_password(None);
        base.set_query(None);
        base.set_fragment(None);
        let (root, context) = rooms(&base, &options.context).map_err(invalid)?;
        if !context.is_default() {
            base = root.clone();
            if let Ok(mut segments) = base.path_segments_mut() {
                segments.pop_if_empty().extend(["contexts", &context.to_string()]);
            }
        }
        let mut builder = Client::builder()
            .timeout(options.timeout)
            .connect_timeout(options.timeout)
            .user_agent(options.user_agent)
            .redirect(reqwest::redirect::Policy::limited(3));
        if let Some(pem) = &options.extra_ca {
            let certificates = Certificate::from_pem_bundle(pem)
                .map_err(|error| invalid(format!("its CA certificate cannot be read: {error}")))?;
            for certificate in certificates {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let client = builder.build().map_err(|error| invalid(causes(&error)))?;
        let shown = base.as_str().trim_end_matches('/').to_owned();
        Ok(Self { client, root, base, context, shown, auth: options.auth })
    }

    pub fn url(&self) -> &str {
        &self.shown
    }

    /// A failure that names the registry.
    pub fn failure(&self, kind: FailureKind, operation: &str, message: impl Into<String>) -> Failure {
        Failure::new(kind, operation, message).on(format!("from the registry {}", self.shown))
    }

    pub async fn get<T: DeserializeOwned>(&self, operation: &str, path: &[&str]) -> Result<T, Failure> {
        self.ask(&self.base, Method::GET, operation, path, None).await
    }

    /// The same of the registry, whatever the context.
    pub async fn get_of_all<T: DeserializeOwned>(&self, operation: &str, path: &[&str]) -> Result<T, Failure> {
        self.ask(&self.root, Method::GET, operation, path, None).await
    }

    /// Asks with a document, which changes nothing.
    pub async fn look_up<T: DeserializeOwned>(
        &self,
        operation: &str,
        path: &[&str],
        body: &serde_json::Value,
    ) -> Result<T, Failure> {
        self.ask(&self.base, Method::POST, operation, path, Some(body)).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        base: &Url,
        method: Method,
        operation: &str,
        path: &[&str],
        body: Option<&serde_json::Value>,
    ) -> Result<T, Failure> {
        if !is_reading(&method, path) {
            return Err(self.failure(FailureKind::Refused, operation, "this would change the registry"));
        }
        let mut url = base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let mut request = self
            .client
            .request(method, url)
            .header("Accept", "application/vnd.schemaregistry.v1+json, application/json");
        if let Some(auth) = &self.auth {
            request = request.basic_auth(&auth.user, Some(auth.password.expose_secret()));
        }
        if let Some(body) = body {
            request = request.header("Content-Type", "application/vnd.schemaregistry.v1+json").body(body.to_string());
        }
        let response = request.send().await.map_err(|error| self.transport(operation, &error))?;
        let status = response.status();
        let body = self.body(operation, response).await?;
        if !status.is_success() {
            return Err(self.refusal(operation, status, &body));
        }
        serde_json::from_slice(&body).map_err(|error| {
            let message = match body.trim_ascii_start().first() {
                Some(b'<') => "a web page answered, not a schema registry".to_owned(),
                _ => format!("the answer is not a registry's: {error}"),
            };
            self.failure(FailureKind::Malformed, operation, message).hint(NOT_A_REGISTRY)
        })
    }

    async fn body(&self, operation: &str, mut response: Response) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.transport(operation, &error))? {
            if body.len() + chunk.len() > LARGEST_BODY {
                let message = format!("the answer is larger than {LARGEST_BODY} bytes");
                return Err(self.failure(FailureKind::Malformed, operation, message));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn transport(&self, operation: &str, error: &reqwest::Error) -> Failure {
        if error.is_timeout() {
            return self
                .failure(FailureKind::Timeout, operation, "no answer within the deadline")
                .hint("The registry may be overloaded, or a firewall drops the connection.");
        }
        let failure = self.failure(FailureKind::Unreachable, operation, causes(error));
        if error.is_connect() { failure.hint("Check the registry's address and that it runs.") } else { failure }
    }

    fn refusal(&self, operation: &str, status: StatusCode, body: &[u8]) -> Failure {
        let refusal = serde_json::from_slice::<Refusal>(body).ok();
        let said = match &refusal {
            Some(refusal) => format!("{} ({})", refusal.message, refusal.error_code),
            None => format!("HTTP status {}", status.as_u16()),
        };
        match status {
            StatusCode::UNAUTHORIZED => self
                .failure(FailureKind::Auth, operation, "the registry rejected the credentials")
                .hint("Check the registry's user and password in the profile."),
            StatusCode::FORBIDDEN => self
                .failure(FailureKind::Denied, operation, format!("the registry does not allow it: {said}"))
                .hint("Ask for the right to read subjects."),
            StatusCode::NOT_FOUND if refusal.as_ref().is_some_and(|refusal| refusal.error_code > 40_400) => self
                .failure(FailureKind::NotFound, operation, format!("the registry does not know it: {said}"))
                .hint("The value may come from another registry, or the schema was deleted."),
            StatusCode::TOO_MANY_REQUESTS => self.failure(FailureKind::Unreachable, operation, said),
            status if status.is_server_error() => self
                .failure(FailureKind::Unreachable, operation, format!("the registry failed: {said}"))
                .hint("The registry's log says more."),
            _ => self
                .failure(FailureKind::Malformed, operation, format!("the answer is not a registry's: {said}"))
                .hint(NOT_A_REGISTRY),
        }
    }
}

/// The registry's own address, and the context, which people write into the address, too.
fn rooms(base: &Url, named: &RegistryContext) -> Result<(Url, RegistryContext), String> {
    let Some((before, text)) = base.path().trim_end_matches('/').rsplit_once("/contexts/") else {
        return Ok((base.clone(), named.clone()));
    };
    let context = RegistryContext::parse(text)?;
    if !named.is_default() && *named != context {
        return Err(format!("its URL names the context {context}, and beside it stands {named}"));
    }
    let mut root = base.clone();
    root.set_path(before);
    Ok((root, context))
}

/// The innermost cause says what happened; the outer ones repeat the URL.
fn causes(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
