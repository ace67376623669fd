//! Every provider's parser: any body, signed, is stored.
#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;
use provider_webhooks::sign::Unsigned;

fuzz_target!(|data: &[u8]| {
    let Some((provider, body)) = common::chosen(data) else {
        return;
    };
    let unsigned = Unsigned {
        body,
        at: common::at(),
        message_id: "msg_1",
    };
    if let Ok(request) = provider.sign(&unsigned, &common::secrets(provider)) {
        common::judge(provider, &request.body, &request.headers);
    }
    common::judge(provider, body, &[]);
});
