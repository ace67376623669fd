"""What each requirement of PCI DSS v4.0.1 asks, in our words, what is the customer's part, and which tests show ours.

The one file of the evidence that is written by hand. Rules are not named here: each names its requirements itself. Source of the numbers:
PCI DSS v4.0.1, June 2024, https://www.pcisecuritystandards.org/document_library/, read 2026-11-25.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Requirement:
    """One requirement."""

    number: str
    asks: str
    customer: str = ""
    # `file::test` of pytest, or `crate::test` of cargo.
    tests: tuple[str, ...] = ()


E2E = "tests/e2e"
PROVIDERS = "Provider account, its dashboard and who may see it."
OPERATION = "Who receives the alarms, and how fast they act."
PEOPLE = "Which people may assume which role in the account, and their sign-in."

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement("1.4.4", "Stored card data is not reachable from untrusted networks.", "No other door into the account."),
    Requirement("2.2.1", "Configurations follow one hardened standard.", "The configuration of the rest of the account."),
    Requirement("2.2.4", "Only what is needed is there and switched on."),
    Requirement("2.2.6", "Security parameters are set against misuse."),
    Requirement("2.2.7", "Administration is encrypted.", PEOPLE),
    Requirement("3.2.1", "Account data is kept no longer than needed, and deleted.", "The retention period, if it is not the default.",
                (f"{E2E}/test_archive.py::test_without_a_permission_nothing_is_taken_for_archived",
                 f"{E2E}/test_expiry.py::test_every_item_may_be_deleted_so_many_days_after_its_receipt_and_not_before",
                 f"{E2E}/test_expiry.py::test_a_day_that_nobody_archives_stops_the_expiry_once_and_rings")),
    Requirement("3.3.1", "Sensitive authentication data is not kept after authorisation.", PROVIDERS,
                ("card_masking::masking",)),
    Requirement("3.4.1", "At most BIN and last four digits are shown.", "Screens outside payhook.",
                ("card_masking::masking", f"{E2E}/test_counts.py::test_no_planted_card_number_is_kept_anywhere")),
    Requirement("3.5.1", "A PAN is unreadable wherever it is stored, logs included.", "",
                (f"{E2E}/test_counts.py::test_no_planted_card_number_is_kept_anywhere",
                 f"{E2E}/test_counts.py::test_a_thousand_mixed_webhooks_give_exact_counts")),
    Requirement("3.6.1", "Keys that protect stored data are themselves protected.", PEOPLE),
    Requirement("3.6.1.2", "Secret keys are kept in a secure cryptographic device.", "AWS KMS is AWS's part."),
    Requirement("3.6.1.3", "As few people as possible reach clear-text keys.", PEOPLE),
    Requirement("3.7.1", "Strong keys are generated.", "AWS KMS is AWS's part."),
    Requirement("3.7.2", "Keys are distributed securely.", "AWS KMS is AWS's part."),
    Requirement("3.7.3", "Keys are stored securely.", "AWS KMS is AWS's part."),
    Requirement("3.7.4", "Keys change at the end of their period.", "Rotation of the providers' secrets.",
                ("pipeline::judging",)),
    Requirement("3.7.5", "Keys are retired when they are weakened or no longer needed.", "Retiring a provider's secret.",
                ("pipeline::judging",)),
    Requirement("4.2.1", "Data in transit over open networks is encrypted with strong cryptography.",
                "TLS between customer systems and the provider."),
    Requirement("6.2.4", "Software resists common attacks.", "",
                (f"{E2E}/test_rejections.py", "provider_webhooks::refusals", "provider_webhooks::never_panics")),
    Requirement("6.3.2", "There is an inventory of bespoke and third-party software.", "The inventory of the rest."),
    Requirement("6.3.3", "Known vulnerabilities are patched.", "Deploying updates in time."),
    Requirement("6.4.1", "Public web applications are protected against attacks."),
    Requirement("6.4.2", "An automated technical solution detects and prevents web attacks.", OPERATION),
    Requirement("6.5.1", "Changes follow a procedure.", "Who approves a change."),
    Requirement("6.5.3", "Production and test are separate.", "Separate accounts or suffixes per environment."),
    Requirement("7.2.1", "Access follows a model.", PEOPLE),
    Requirement("7.2.2", "Access is given by need and with the least privileges.", PEOPLE,
                (f"{E2E}/test_rights.py::test_it_works_and_is_refused_without_each_of_its_rights",)),
    Requirement("7.2.4", "Accounts and their privileges are reviewed.", "The half-yearly review: `payhook iam report` is its list for the roles.",
                (f"{E2E}/test_rights.py::test_the_report_is_the_reviewed_one",)),
    Requirement("7.2.5", "Application accounts have the least privileges.", "",
                (f"{E2E}/test_rights.py::test_it_works_and_is_refused_without_each_of_its_rights",)),
    Requirement("7.2.5.1", "Application accounts are reviewed.", "The periodic review.",
                (f"{E2E}/test_rights.py::test_every_right_has_a_scenario_and_every_scenario_a_right",)),
    Requirement("7.2.6", "Repositories of card data are queried by programs or few people.", PEOPLE),
    Requirement("7.3.1", "A system restricts access by need.", PEOPLE),
    Requirement("7.3.2", "The system enforces what is assigned.", "",
                (f"{E2E}/test_failures.py::test_a_missing_permission_is_seen_and_nothing_is_acknowledged",)),
    Requirement("7.3.3", "The system denies by default.", "",
                (f"{E2E}/test_rights.py::test_it_works_and_is_refused_without_each_of_its_rights",)),
    Requirement("8.2.2", "Shared accounts are the exception.", PEOPLE),
    Requirement("8.3.2", "Authentication factors are unreadable at rest and in transit."),
    Requirement("8.3.4", "Guessing is limited.", "", (f"{E2E}/test_door.py::test_over_the_limit_is_answered_429_and_not_queued",)),
    Requirement("8.6.1", "System accounts are not used interactively.", PEOPLE),
    Requirement("8.6.2", "Secrets of applications are not in code or configuration.", "Putting the providers' secrets into Secrets Manager."),
    Requirement("8.6.3", "Secrets of applications are changed in time, and at once when they may be known.",
                "How often the API keys and the providers' secrets are changed: `payhook keys rotate`, `retire`.",
                (f"{E2E}/test_keys.py::test_a_key_is_rotated_while_webhooks_arrive",
                 f"{E2E}/test_keys.py::test_a_provider_is_shut_out_alone")),
    Requirement("10.2.1", "Audit logs are written for all components.", "CloudTrail of the account.",
                (f"{E2E}/test_rejections.py", f"{E2E}/test_proofs.py")),
    Requirement("10.2.1.1", "Access to card data by people is logged.", "CloudTrail of the account."),
    Requirement("10.2.1.3", "Access to audit logs is logged."),
    Requirement("10.2.1.4", "Invalid access attempts are logged.", "", (f"{E2E}/test_rejections.py",)),
    Requirement("10.2.2", "Each entry says who, what, when, where from and with what result.", "", ("pipeline::auditing",)),
    Requirement("10.3.1", "Audit logs are read by need only.", PEOPLE),
    Requirement("10.3.2", "Audit logs cannot be modified.", "",
                (f"{E2E}/test_seal.py", "audit_seal::chain")),
    Requirement("10.3.3", "Audit logs are backed up where they are hard to alter.", "A copy in another account, if wanted."),
    Requirement("10.3.4", "A change of audit logs is detected.", "Running `payhook audit verify` and keeping the public key elsewhere.",
                (f"{E2E}/test_seal.py", "audit_seal::chain")),
    Requirement("10.4.1.1", "Audit logs are reviewed by automated means.", OPERATION),
    Requirement("10.5.1", "Audit history is kept for twelve months, three at hand.", "The retention period, if it is longer."),
    Requirement("10.7.2", "Failures of critical controls are detected and answered.", OPERATION),
    Requirement("10.7.3", "Failures of critical controls are followed up.", OPERATION),
    Requirement("11.5.1", "Intrusions are detected.", OPERATION),
    Requirement("11.5.2", "Changes of critical files are detected.", "Comparing running and reviewed stack: `pulumi refresh`."),
    Requirement("12.3.3", "There is an inventory of cryptography.", "The yearly review of the list below."),
    Requirement("12.5.1", "There is an inventory of the components in scope.", "The inventory of the rest."),
    Requirement("12.5.2", "The scope is documented and confirmed.", "The yearly confirmation."),
    Requirement("12.10.1", "There is a plan for incidents.", "The plan is the customer's; README, 'Operate', is its part about payhook."),
    Requirement("12.10.5", "The plan covers alarms from monitoring.", OPERATION),
    Requirement("12.10.7", "There is a plan for card data found where it should not be.", "The plan; the alarm is payhook's."),
)  # fmt: skip

# What no stack can do.
CUSTOMERS_OWN = {
    "5": "Malware: functions have no disk or shell to infect; the machines of people are the customer's.",
    "7.1, 8.1, 8.3": "Policies, and how people sign in: roles of functions have no passwords.",
    "9": "Physical access: AWS's part, under its own attestation.",
    "10.1": "Policies and responsibilities for logging.",
    "10.6": "Clocks: AWS stamps receipt, logs and objects with its own time; payhook keeps no clock.",
    "11.3": "Scans and penetration tests.",
    "12.1": "Policies, training, third parties.",
}
