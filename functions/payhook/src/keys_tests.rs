//! Which key lives, which comes next, and what is said of it.

use super::*;

fn key(name: &str, enabled: bool, note: &str) -> ApiKey {
    ApiKey {
        id: format!("id-{name}"),
        name: format!("{name}_dev-1"),
        value: "value-of-nobody".to_owned(),
        enabled,
        note: note.to_owned(),
        created_at: "2026-11-01T00:00:00Z".parse().unwrap(),
    }
}

fn keys(rows: &[(&str, bool, &str)]) -> Vec<Held> {
    rows.iter()
        .map(|(slot, enabled, note)| key(&format!("webhook_api_key_stripe_{slot}"), *enabled, note))
        .filter_map(|key| Held::new(key, "dev-1"))
        .collect()
}

#[test]
fn a_key_is_live_spare_or_retired() {
    let cases = [
        (
            true,
            "Managed by Pulumi",
            State::Live,
            "2026-11-01T00:00:00Z",
        ),
        (
            true,
            "live since 2026-11-02T03:04:05Z",
            State::Live,
            "2026-11-02T03:04:05Z",
        ),
        (
            true,
            "retired 2026-11-02T03:04:05Z",
            State::Live,
            "2026-11-02T03:04:05Z",
        ),
        (
            false,
            "Managed by Pulumi",
            State::Spare,
            "2026-11-01T00:00:00Z",
        ),
        (
            false,
            "retired 2026-11-02T03:04:05Z",
            State::Retired,
            "2026-11-02T03:04:05Z",
        ),
    ];
    for (enabled, note, state, since) in cases {
        let keys = keys(&[("a", enabled, note)]);
        assert_eq!(keys[0].state, state, "{note}");
        assert_eq!(keys[0].since.to_string(), since, "{note}");
        assert_eq!(keys[0].provider, "stripe");
    }
}

#[test]
fn the_keys_of_other_stacks_are_left_alone() {
    for name in [
        "webhook_api_key_stripe_c",
        "webhook_api_key_a",
        "something_else",
    ] {
        assert!(Held::new(key(name, true, ""), "dev-1").is_none(), "{name}");
    }
    let other = ApiKey {
        name: "webhook_api_key_stripe_a_prod".to_owned(),
        ..key("", true, "")
    };
    assert!(Held::new(other, "dev-1").is_none());
    let both = key("webhook_api_key_flutterwave_v4_b", true, "");
    assert_eq!(Held::new(both, "dev-1").unwrap().provider, "flutterwave_v4");
}

#[test]
fn the_spare_comes_next_and_a_retired_one_never_again() {
    let spare = keys(&[("a", true, ""), ("b", false, "")]);
    assert_eq!(next(&spare, "stripe").unwrap().slot, Slot::B);
    let retired = keys(&[
        ("a", false, "retired 2026-11-02T03:04:05Z"),
        ("b", true, ""),
    ]);
    assert!(matches!(
        next(&retired, "stripe"),
        Err(Error::KeyRetired { slot: "a", .. })
    ));
    let both = keys(&[
        ("a", true, "live since 2026-11-09T00:00:00Z"),
        ("b", true, ""),
    ]);
    assert!(matches!(
        next(&both, "stripe"),
        Err(Error::BothKeysLive { slot: "b", .. })
    ));
}

fn text(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut text = Vec::new();
    write(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn stack() -> Suffix {
    Suffix {
        suffix: "dev-1".to_owned(),
    }
}

#[test]
fn live_keys_are_shown_as_keys_addresses_or_a_file_to_send_with() {
    let rows = [
        ("a", true, "live since 2026-11-09T00:00:00Z"),
        ("b", true, "live since 2026-11-10T00:00:00Z"),
    ];
    let both = || {
        let mut keys = keys(&rows);
        keys[1].key.value = "newer".to_owned();
        keys
    };
    let show = |endpoint: Option<&str>, json| {
        let arguments = ShowArguments {
            provider: None,
            endpoint: endpoint.map(str::to_owned),
            json,
            stack: stack(),
        };
        text(|output| shown(both(), &arguments, output))
    };
    assert_eq!(
        show(None, false),
        "stripe  a  value-of-nobody\nstripe  b  newer\n"
    );
    let addresses = show(Some("https://hooks.example.com/webhook/"), false);
    assert!(addresses.ends_with("https://hooks.example.com/webhook/stripe/newer\n"));
    let file: BTreeMap<String, String> = serde_json::from_str(&show(None, true)).unwrap();
    assert_eq!(file["stripe"], "newer");
}

#[test]
fn a_spare_is_not_shown() {
    let arguments = ShowArguments {
        provider: None,
        endpoint: None,
        json: false,
        stack: stack(),
    };
    let shown = text(|output| shown(keys(&[("b", false, "")]), &arguments, output));
    assert_eq!(shown, "");
}

#[test]
fn after_a_rotation_it_says_what_is_left_to_do() {
    let before = keys(&[("a", true, ""), ("b", false, "")]);
    let said = text(|output| rotated(&before[1], &before, output));
    assert!(said.contains("the key in slot b lives now"));
    assert!(said.contains("payhook keys retire stripe --slot a"));
}

#[test]
fn the_last_key_is_retired_only_to_shut_the_provider_out() {
    let retire = |slot, shut_out| RetireArguments {
        provider: "stripe".to_owned(),
        slot,
        shut_out,
        stack: stack(),
    };
    let before = keys(&[("a", true, ""), ("b", false, "")]);
    let refused = to_retire(&before, &retire(Slot::A, false));
    assert!(matches!(refused, Err(Error::LastKey(_))));
    let shut_out = to_retire(&before, &retire(Slot::A, true)).unwrap();
    assert_eq!(shut_out.slot, Slot::A);
    assert_eq!(
        to_retire(&before, &retire(Slot::B, false)).unwrap().slot,
        Slot::B
    );
    let none = to_retire(&before[..1], &retire(Slot::B, false));
    assert!(matches!(none, Err(Error::NoKeys(_))));
    let said = text(|output| retired(shut_out, output));
    assert!(said.contains("opens nothing any more") && said.contains("webhook_api_key_stripe_a"));
    let again = keys(&[("a", false, "retired 2026-11-02T03:04:05Z")]);
    assert!(text(|output| retired(&again[0], output)).contains("was retired before"));
}

#[test]
fn no_key_is_in_the_table() {
    for json in [false, true] {
        let mut text = Vec::new();
        table(&keys(&[("a", true, ""), ("b", false, "")]), json, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("stripe") && text.contains("spare"));
        assert!(!text.contains("value-of-nobody"));
    }
    assert!(!format!("{:?}", key("x", true, "")).contains("value-of-nobody"));
}
