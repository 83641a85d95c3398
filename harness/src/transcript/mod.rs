//! What was said to a device and what it answered: one recording, many views.
