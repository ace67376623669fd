//! Every provider's reader of its headers: any values, a line each, over a body that is fine; the last line stands for the body where signatures are inside it.
#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;
use provider_webhooks::SampleParams;

fuzz_target!(|data: &[u8]| {
    let Some((provider, text)) = common::chosen(data) else {
        return;
    };
    let text = String::from_utf8_lossy(text);
    let mut lines = text.split('\n');
    let info = provider.info();
    let names = info.signature_headers.iter().chain(info.unsigned_headers);
    let headers: Vec<_> = names
        .map(|name| {
            (
                (*name).to_owned(),
                lines.next().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    let params = SampleParams {
        sequence: 1,
        amount_minor: 1130,
        currency: "EUR".to_owned(),
        at: common::at(),
        note: None,
    };
    common::judge(provider, &provider.sample(&params), &headers);
    let rest = lines.collect::<Vec<_>>().join("\n");
    common::judge(provider, rest.as_bytes(), &headers);
});
