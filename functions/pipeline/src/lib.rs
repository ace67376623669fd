//! The steps of ingest over storage traits; no AWS SDK, no clock.
