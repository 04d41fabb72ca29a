//! SCRAM (RFC 5802, 7677) as Kafka speaks it: no channel binding, no SASLprep.
//!
//! Pure: messages in, messages out. The password never leaves; the server must
//! prove in turn that it knows it.

use super::error::WireError;
use super::security::ScramHash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::pkcs5::pbkdf2_hmac;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use std::ops::RangeInclusive;

/// Kafka stores no fewer and no more than four times as many iterations. A claim of
/// fewer would weaken the password's protection, one of billions would hang us.
const ITERATIONS: RangeInclusive<usize> = 4096..=262_144;

pub(super) struct Scram {
    digest: MessageDigest,
    password: Vec<u8>,
    nonce: String,
    first_bare: String,
}

/// The last message to send, and what the server must answer to it.
pub(super) struct Final {
    pub(super) message: String,
    expected: String,
}

impl Scram {
    pub(super) fn new(which: ScramHash, user: &str, password: &str) -> Result<Self, WireError> {
        let mut random = [0; 24];
        openssl::rand::rand_bytes(&mut random).map_err(library)?;
        Ok(Self::with_nonce(which, user, password, STANDARD.encode(random)))
    }

    fn with_nonce(which: ScramHash, user: &str, password: &str, nonce: String) -> Self {
        let digest = match which {
            ScramHash::Sha256 => MessageDigest::sha256(),
            ScramHash::Sha512 => MessageDigest::sha512(),
        };
        let user = user.replace('=', "=3D").replace(',', "=2C");
        let first_bare = format!("n={user},r={nonce}");
        Self { digest, password: password.as_bytes().to_vec(), nonce, first_bare }
    }

    pub(super) fn first(&self) -> String {
        format!("n,,{}", self.first_bare)
    }

    pub(super) fn answer(&self, server_first: &[u8]) -> Result<Final, WireError> {
        let malformed = || WireError::Malformed("its first SCRAM message makes no sense".into());
        let server_first = std::str::from_utf8(server_first).map_err(|_| malformed())?;
        let field = |name: &str| server_first.split(',').find_map(|field| field.strip_prefix(name));
        if let Some(error) = field("e=") {
            return Err(WireError::Rejected(error.to_owned()));
        }
        let (Some(nonce), Some(salt), Some(iterations)) = (field("r="), field("s="), field("i=")) else {
            return Err(malformed());
        };
        let salt = STANDARD.decode(salt).map_err(|_| malformed())?;
        let iterations = iterations.parse::<usize>().map_err(|_| malformed())?;
        if !ITERATIONS.contains(&iterations) || !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err(malformed());
        }
        let (proof, signature) = self.sign(&salt, iterations, server_first, nonce).map_err(library)?;
        Ok(Final {
            message: format!("c=biws,r={nonce},p={}", STANDARD.encode(proof)),
            expected: format!("v={}", STANDARD.encode(signature)),
        })
    }

    /// Our proof and the signature that the server must show.
    fn sign(
        &self,
        salt: &[u8],
        iterations: usize,
        server_first: &str,
        nonce: &str,
    ) -> Result<(Vec<u8>, Vec<u8>), ErrorStack> {
        let mut salted = vec![0; self.digest.size()];
        pbkdf2_hmac(&self.password, salt, iterations, self.digest, &mut salted)?;
        let conversation = format!("{},{server_first},c=biws,r={nonce}", self.first_bare);
        let client_key = self.hmac(&salted, b"Client Key")?;
        let stored_key = hash(self.digest, &client_key)?;
        let client_signature = self.hmac(&stored_key, conversation.as_bytes())?;
        let proof = client_key.iter().zip(&client_signature).map(|(key, signature)| key ^ signature).collect();
        let server_key = self.hmac(&salted, b"Server Key")?;
        Ok((proof, self.hmac(&server_key, conversation.as_bytes())?))
    }

    fn hmac(&self, key: &[u8], data: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let key = PKey::hmac(key)?;
        let mut signer = Signer::new(self.digest, &key)?;
        signer.sign_oneshot_to_vec(data)
    }
}

impl Final {
    pub(super) fn verify(&self, server_final: &[u8]) -> Result<(), WireError> {
        // An extension may follow the signature.
        let signature = server_final.split(|byte| *byte == b',').next().unwrap_or_default();
        let expected = self.expected.as_bytes();
        if signature.len() == expected.len() && openssl::memcmp::eq(signature, expected) {
            Ok(())
        } else {
            Err(WireError::ServerNotProven)
        }
    }
}

fn library(error: ErrorStack) -> WireError {
    WireError::Settings(format!("the password cannot be hashed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
    const SERVER_FIRST: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    fn scram(which: ScramHash) -> Scram {
        Scram::with_nonce(which, "user", "pencil", NONCE.into())
    }

    #[test]
    fn the_conversation_of_rfc_7677() {
        let scram = scram(ScramHash::Sha256);
        assert_eq!(scram.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let last = scram.answer(SERVER_FIRST.as_bytes()).unwrap();
        assert_eq!(
            last.message,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert_eq!(last.verify(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), Ok(()));
        assert_eq!(last.verify(b"v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), Err(WireError::ServerNotProven));
        assert_eq!(last.verify(b""), Err(WireError::ServerNotProven));
    }

    /// Both keys of one password are known; what SCRAM shows must fit them.
    #[test]
    fn proofs_fit_the_stored_keys() {
        for (which, stored, server) in [
            (
                ScramHash::Sha256,
                "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=",
                "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
            ),
            (
                ScramHash::Sha512,
                "6AAub3065EYRmyFpM2RNwqK+eGnrkYuEWbXn19LsEmBqzu8QaCXNc1FwpnX9NhH2hK/60dzj9DoO5DvVkOHbvg==",
                "jZHbYjC1aHh0/hKbxyBuGFjDrgjgKTT1esA7awWiKcRZ0o/0b1yWEebBeSVkkCFewf91nLDfKF24mvD5nmE6rA==",
            ),
        ] {
            let scram = scram(which);
            let last = scram.answer(SERVER_FIRST.as_bytes()).unwrap();
            let (without_proof, proof) = last.message.rsplit_once(",p=").unwrap();
            let conversation = format!("{},{SERVER_FIRST},{without_proof}", scram.first_bare);
            let stored = STANDARD.decode(stored).unwrap();
            let signature = scram.hmac(&stored, conversation.as_bytes()).unwrap();
            let key: Vec<u8> = STANDARD.decode(proof).unwrap().iter().zip(signature).map(|(a, b)| a ^ b).collect();
            assert_eq!(hash(scram.digest, &key).unwrap().to_vec(), stored, "{which:?}");
            let server = STANDARD.decode(server).unwrap();
            let signature = scram.hmac(&server, conversation.as_bytes()).unwrap();
            assert_eq!(last.expected, format!("v={}", STANDARD.encode(signature)), "{which:?}");
        }
    }

    #[test]
    fn names_are_escaped() {
        let scram = Scram::with_nonce(ScramHash::Sha256, "a=b,c", "x", "n".into());
        assert_eq!(scram.first(), "n,,n=a=3Db=2Cc,r=n");
    }

    #[test]
    fn a_server_that_asks_for_too_little_too_much_or_nonsense_is_refused() {
        let scram = scram(ScramHash::Sha256);
        for message in [
            "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1",
            "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2000000000",
            "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "r=rOprNGfwEbeRWgbNEkqOx,s=???,i=4096",
            "",
        ] {
            assert!(matches!(scram.answer(message.as_bytes()), Err(WireError::Malformed(_))), "{message}");
        }
        assert_eq!(scram.answer(b"e=unknown-user").err(), Some(WireError::Rejected("unknown-user".into())));
    }
}
