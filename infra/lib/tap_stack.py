"""The whole stack: joins the components, one concern each, and exports what a person needs to use it."""

from typing import Any

import pulumi

from lib.access_record import AccessRecord
from lib.alarms import Alarms
from lib.api_keys import ApiKeys
from lib.archive_catalogue import ArchiveCatalogue
from lib.audit_bucket import AuditBucket
from lib.dashboard import Dashboard
from lib.edge import Edge, OriginSecrets
from lib.encryption import Encryption
from lib.firewall import Firewall
from lib.functions import EventSources, Function, FunctionRole
from lib.gateway import Gateway, GatewayRoles
from lib.limits import FUNCTIONS
from lib.notifications import Notifications
from lib.provider_secrets import ProviderSecrets
from lib.queues import Queues
from lib.schedule import Schedule, ScheduleRole
from lib.settings import Settings
from lib.tables import Tables


class TapStack(pulumi.ComponentResource):
    """payhook in one environment."""

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("payhook:index:TapStack", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        # Roles first: the key's policy names them. Then the key: everything else is encrypted with it.
        roles = {function: FunctionRole(settings, function, child) for function in FUNCTIONS}
        gateway_roles = GatewayRoles(settings, child)
        schedule_role = ScheduleRole(settings, child)
        all_roles: list[pulumi.Resource] = [role.role for role in roles.values()]
        encryption = Encryption(settings, [*all_roles, gateway_roles.sender, schedule_role.role], child)
        key_arn = encryption.key.arn

        tables = Tables(settings, key_arn, child)
        bucket = AuditBucket(settings, key_arn, child)
        access_record = AccessRecord(settings, key_arn, child) if settings.access_record else None
        catalogue = ArchiveCatalogue(settings, child)
        queues = Queues(settings, key_arn, child)
        ProviderSecrets(settings, key_arn, child)
        functions = {function: Function(settings, function, roles[function], key_arn, child) for function in FUNCTIONS}
        EventSources(settings, functions, queues, tables, child)
        gateway = Gateway(settings, queues, functions["webhook_processor"].function, key_arn, child)
        api_keys = ApiKeys(settings, gateway, child)
        secrets = OriginSecrets(settings, child) if settings.edge else None
        firewall = (
            Firewall(settings, gateway.stage, key_arn, secrets.values if secrets else None, child)
            if settings.firewall
            else None
        )
        edge = Edge(settings, gateway, secrets, firewall.acl, key_arn, child) if secrets and firewall else None
        Schedule(settings, schedule_role, functions["archival_function"], queues, key_arn, child)
        notifications = Notifications(settings, key_arn, child)
        Alarms(settings, notifications.topic, child)
        dashboard = Dashboard(settings, child)

        self.outputs: dict[str, Any] = {
            "api_endpoint_url": gateway.endpoint,
            # Provider to slot to id; the values are the operator's: `payhook keys show`.
            "api_key_ids": api_keys.ids,
            "transactions_table_name": tables.transactions.name,
            "analytics_table_name": tables.analytics.name,
            "audit_bucket_name": bucket.bucket.bucket,
            "seal_key_alias": encryption.seal_alias.name,
            "archive_database_name": catalogue.database.name,
            "archive_table_name": catalogue.table.name,
            "webhook_queue_url": queues.webhook.url,
            "rejected_queue_url": queues.rejected.url,
            "alarm_topic_arn": notifications.topic.arn,
            "dashboard_url": dashboard.url,
        } | {f"{function}_dlq_url": queue.url for function, queue in queues.dead_letter.items()}
        if access_record:
            self.outputs["access_record_bucket_name"] = access_record.bucket.bucket
        if edge:
            self.outputs["webhook_url"] = edge.url
            self.outputs["edge_domain_name"] = edge.distribution.domain_name
            self.outputs["edge_log_bucket_name"] = edge.log.bucket
        if firewall:
            self.outputs["firewall_arn"] = firewall.acl.arn
        self.register_outputs(self.outputs)
