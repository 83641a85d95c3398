//! Credentials: how one side of a session proves who it is, and how the other checks it.
//!
//! [`Prover`] is the side that proves itself, [`Verifier`] the side that asks; device and server are each both, once
//! for either direction. Neither sends anything: a prover says what the next message carries and is told how it was
//! answered, a verifier says what a message is answered.
//!
//! Sources: OMA Device Management Security 1.2.1; OMA SyncML Representation Protocol 1.2, Chal and Cred.
//! Deliberately absent: certificates and tokens, which belong to the transport, and randomness, which is an argument.

mod credentials;
mod mac;
mod nonces;
mod prover;
mod scheme;
mod verifier;

pub use credentials::Credentials;
pub use mac::{MacAlgorithm, MacHeader, MacHeaderError, MacHeaderProblem};
pub use nonces::Nonces;
pub use prover::{Proof, Prover};
pub use scheme::{Scheme, UnknownScheme};
pub use verifier::{Lasts, Refusal, Verdict, Verifier};

/// Text of the other side, short enough to be shown.
fn shown(text: &str) -> String {
    const MOST: usize = 40;
    text.trim().chars().take(MOST).collect()
}
