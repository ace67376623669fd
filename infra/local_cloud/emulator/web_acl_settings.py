"""Gap: a web ACL's settings of its associations and of data protection are dropped.

AWS: both are part of a web ACL, and an update replaces what can be changed as a whole.
Sources: https://docs.aws.amazon.com/waf/latest/APIReference/API_WebACL.html,
https://docs.aws.amazon.com/waf/latest/APIReference/API_UpdateWebACL.html, read 2026-11-27.
"""

from typing import Any

from ministack.services import waf

SETTINGS = ("AssociationConfig", "DataProtectionConfig")


def _keep(acl: dict[str, Any], data: dict[str, Any]) -> None:
    for name in SETTINGS:
        acl.pop(name, None)
        if data.get(name):
            acl[name] = data[name]


def apply() -> None:
    """Puts the patch in place."""
    create, update = waf.create_web_acl_record, waf._update_web_acl

    def create_record(name: str, scope: str, data: dict[str, Any]) -> Any:
        made = create(name, scope, data)
        _keep(made[2], data)
        return made

    def update_web_acl(data: dict[str, Any]) -> Any:
        answer = update(data)
        if answer[0] == 200:
            record: Any = waf.web_acl_record(data["Id"], data.get("Scope", "REGIONAL"))
            _keep(record, data)
        return answer

    waf.create_web_acl_record = create_record
    waf._update_web_acl = update_web_acl
