//! Certificates: theirs and ours.
