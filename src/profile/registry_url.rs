//! A registry's address, which people write with credentials in it as well.
//!
//! Invariant: the address that is kept and shown holds none.

use secrecy::SecretString;

/// The address without what stands before the `@`, and what stood there: a user
/// and a password. A user alone is dropped, since it lets nobody in.
pub(super) fn split(url: &str) -> (String, Option<(String, SecretString)>) {
    let bare = || (url.to_owned(), None);
    let Some((scheme, rest)) = url.split_once("://") else { return bare() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let Some((authority, path)) = rest.split_at_checked(end) else { return bare() };
    let Some((credentials, host)) = authority.rsplit_once('@') else { return bare() };
    let basic = credentials.split_once(':');
    (format!("{scheme}://{host}{path}"), basic.map(|(user, password)| (decoded(user), decoded(password).into())))
}

/// `%40` is `@`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let coded = (*first == b'%').then(|| tail.get(..2)).flatten();
        let byte = coded.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use secrecy::ExposeSecret;

    #[rstest]
    #[case::both("https://ann:s%25e%40@r:8081/apis", "https://r:8081/apis", Some(("ann", "s%e@")))]
    #[case::an_at_sign_in_the_password("http://ann:p@ss@r", "http://r", Some(("ann", "p@ss")))]
    #[case::a_user_alone("http://ann@r/", "http://r/", None)]
    #[case::neither("http://r:8081/a@b", "http://r:8081/a@b", None)]
    #[case::no_address("ann:secret@r", "ann:secret@r", None)]
    fn credentials_are_taken_out(#[case] url: &str, #[case] kept: &str, #[case] basic: Option<(&str, &str)>) {
        let (address, found) = split(url);
        assert_eq!(address, kept);
        assert_eq!(found.as_ref().map(|(user, password)| (user.as_str(), password.expose_secret())), basic);
    }
}
