//! The devices over HTTP.
