//! The one table of what a registry may be asked without the right to write.

use reqwest::Method;

/// Any one segment.
const ANY: &str = "*";

/// Operations that leave the registry as it is, although two of them are
/// requests with a body: looking a schema up and checking compatibility.
const READING: &[(Method, &[&str])] = &[
    (Method::GET, &["subjects"]),
    (Method::GET, &["contexts"]),
    (Method::GET, &["subjects", ANY, "versions"]),
    (Method::GET, &["subjects", ANY, "versions", ANY]),
    (Method::GET, &["schemas", "types"]),
    (Method::GET, &["schemas", "ids", ANY]),
    (Method::GET, &["schemas", "ids", ANY, "versions"]),
    (Method::GET, &["schemas", "guids", ANY]),
    (Method::POST, &["subjects", ANY]),
    (Method::POST, &["compatibility", "subjects", ANY, "versions"]),
    (Method::POST, &["compatibility", "subjects", ANY, "versions", ANY]),
];

pub(super) fn is_reading(method: &Method, path: &[&str]) -> bool {
    let fits = |pattern: &[&str]| {
        pattern.len() == path.len() && pattern.iter().zip(path).all(|(want, have)| *want == ANY || want == have)
    };
    READING.iter().any(|(reading, pattern)| reading == method && fits(pattern))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_changes_a_registry_is_refused() {
        let paths: &[&[&str]] = &[
            &["subjects"],
            &["subjects", "s"],
            &["subjects", "s", "versions"],
            &["subjects", "s", "versions", "1"],
            &["config"],
            &["config", "s"],
            &["mode"],
            &["mode", "s"],
            &["contexts", "c"],
            &["schemas", "ids", "1"],
            &["schemas", "guids", "1"],
            &["compatibility", "subjects", "s", "versions"],
        ];
        for path in paths {
            for method in [Method::PUT, Method::DELETE, Method::PATCH] {
                assert!(!is_reading(&method, path), "{method} {path:?}");
            }
        }
        assert!(!is_reading(&Method::POST, &["subjects", "s", "versions"]), "this registers a schema");
        assert!(is_reading(&Method::POST, &["subjects", "s"]));
        assert!(is_reading(&Method::POST, &["compatibility", "subjects", "s", "versions", "latest"]));
        assert!(is_reading(&Method::GET, &["schemas", "ids", "7"]));
    }
}
