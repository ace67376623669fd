//! The columns of a part: the one list of their names, types and order.
//!
//! Invariant: every attribute of a record, event or movement, is a column, so that nothing of it is
//! lost. `schema.json` is written from here; the stack's Glue table reads it.

use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::schema::types::{Type, TypePtr};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Int,
    Long,
    /// Microseconds since the epoch, UTC. The sort key keeps an event time's full precision as text.
    Time,
}

/// A column: its name, what it holds, whether a record may lack it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
    /// Whether hardly a value comes twice: a dictionary of them would take time and make the file larger.
    pub(crate) distinct: bool,
}

const fn always(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        optional: false,
        distinct: false,
    }
}

const fn maybe(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        optional: true,
        distinct: false,
    }
}

const fn distinct(column: Column) -> Column {
    Column {
        distinct: true,
        ..column
    }
}

/// In the order of the file.
pub(crate) const COLUMNS: [Column; 35] = [
    distinct(always("transaction_id", Kind::Text)),
    distinct(always("timestamp", Kind::Text)),
    // `event` or `movement`.
    always("record_type", Kind::Text),
    always("provider", Kind::Text),
    distinct(always("event_id", Kind::Text)),
    always("event_type", Kind::Text),
    always("status", Kind::Text),
    maybe("amount_minor", Kind::Long),
    maybe("currency", Kind::Text),
    maybe("amount_exponent", Kind::Int),
    maybe("amount_text", Kind::Text),
    maybe("exponent_source", Kind::Text),
    maybe("merchant_account", Kind::Text),
    // A JSON object of texts.
    distinct(maybe("related_ids", Kind::Text)),
    // Texts joined by commas.
    maybe("problems", Kind::Text),
    distinct(maybe("event_time", Kind::Time)),
    // What microseconds leave out, where the sort key does not have the time.
    maybe("event_time_nanoseconds", Kind::Int),
    distinct(always("received_at", Kind::Time)),
    distinct(always("message_id", Kind::Text)),
    always("audit_key", Kind::Text),
    distinct(always("audit_offset", Kind::Long)),
    always("audit_length", Kind::Long),
    // Seconds since the epoch.
    distinct(always("expires_at", Kind::Long)),
    // The movements that the event tells, `{kind}#{id}`, with spaces between them.
    distinct(maybe("tells", Kind::Text)),
    // Who fetched it, where it was not sent as a webhook.
    maybe("fetched", Kind::Text),
    // What only a movement has. Of one that is there several times the highest version holds.
    maybe("movement_kind", Kind::Text),
    distinct(maybe("movement_id", Kind::Text)),
    maybe("movement_state", Kind::Text),
    maybe("movement_rank", Kind::Long),
    maybe("amount_tells", Kind::Text),
    maybe("amount_rank", Kind::Long),
    distinct(maybe("amount_at", Kind::Time)),
    // What microseconds leave out.
    maybe("amount_at_nanoseconds", Kind::Int),
    maybe("version", Kind::Long),
    // Texts joined by commas.
    distinct(maybe("changes", Kind::Text)),
];

impl Column {
    fn parquet(&self) -> Option<TypePtr> {
        let (physical, logical) = match self.kind {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Int => (Physical::INT32, None),
            Kind::Long => (Physical::INT64, None),
            Kind::Time => (
                Physical::INT64,
                Some(LogicalType::timestamp(true, TimeUnit::MICROS)),
            ),
        };
        let repetition = if self.optional {
            Repetition::OPTIONAL
        } else {
            Repetition::REQUIRED
        };
        Type::primitive_type_builder(self.name, physical)
            .with_repetition(repetition)
            .with_logical_type(logical)
            .build()
            .ok()
            .map(Arc::new)
    }

    const fn hive(&self) -> &'static str {
        match self.kind {
            Kind::Text => "string",
            Kind::Int => "int",
            Kind::Long => "bigint",
            Kind::Time => "timestamp",
        }
    }
}

/// The schema of a file.
pub(crate) fn schema() -> Option<TypePtr> {
    let fields: Option<Vec<_>> = COLUMNS.iter().map(Column::parquet).collect();
    let schema = Type::group_type_builder("transaction").with_fields(fields?);
    schema.build().ok().map(Arc::new)
}

/// The columns as `schema.json` holds them: names and Hive types, one a line.
pub fn schema_json() -> String {
    let lines = COLUMNS.iter().map(|column| {
        let (name, kind) = (column.name, column.hive());
        format!("  {{\"name\": \"{name}\", \"type\": \"{kind}\"}}")
    });
    format!("[\n{}\n]\n", lines.collect::<Vec<_>>().join(",\n"))
}
