"""The distribution before the gateway, its function, where its log goes, and the secrets that the program makes."""

import secrets
import string
from typing import Any

from infra.local_cloud.clients import Clients, tag_list

Made = tuple[str, dict[str, Any]]


def _list(items: list[Any]) -> dict[str, Any]:
    """CloudFront's lists say how long they are."""
    return {"Quantity": len(items), "Items": items} if items else {"Quantity": 0}


def random_password(_clients: Clients, inputs: dict[str, Any]) -> Made:
    """random.RandomPassword: nothing is made, but for the value itself."""
    if inputs.get("special", True):
        raise ValueError("a password with special characters is not made here: add it to infra/local_cloud/applier")
    letters = string.ascii_letters + string.digits
    return "none", {"result": "".join(secrets.choice(letters) for _ in range(int(inputs["length"])))}


def function(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.cloudfront.Function."""
    name = inputs["name"]
    made = clients.cloudfront.create_function(
        Name=name,
        FunctionConfig={"Comment": inputs["comment"], "Runtime": inputs["runtime"]},
        FunctionCode=inputs["code"].encode(),
        Tags={"Items": tag_list(inputs.get("tags"))},
    )
    if inputs["publish"]:
        clients.cloudfront.publish_function(Name=name, IfMatch=made["ETag"])
    return name, {"arn": made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]}


def _origin(inputs: dict[str, Any]) -> dict[str, Any]:
    custom = inputs["customOriginConfig"]
    headers = [{"HeaderName": h["name"], "HeaderValue": h["value"]} for h in inputs.get("customHeaders", [])]
    return {
        "Id": inputs["originId"],
        "DomainName": inputs["domainName"],
        "OriginPath": inputs["originPath"],
        "CustomHeaders": _list(headers),
        "CustomOriginConfig": {
            "HTTPPort": int(custom["httpPort"]),
            "HTTPSPort": int(custom["httpsPort"]),
            "OriginProtocolPolicy": custom["originProtocolPolicy"],
            "OriginSslProtocols": _list(custom["originSslProtocols"]),
            "OriginReadTimeout": int(custom["originReadTimeout"]),
            "OriginKeepaliveTimeout": int(custom["originKeepaliveTimeout"]),
        },
    }


def _behavior(inputs: dict[str, Any]) -> dict[str, Any]:
    functions = [
        {"EventType": f["eventType"], "FunctionARN": f["functionArn"]} for f in inputs.get("functionAssociations", [])
    ]
    return {
        "TargetOriginId": inputs["targetOriginId"],
        "ViewerProtocolPolicy": inputs["viewerProtocolPolicy"],
        "AllowedMethods": _list(inputs["allowedMethods"]) | {"CachedMethods": _list(inputs["cachedMethods"])},
        "Compress": inputs["compress"],
        "CachePolicyId": inputs["cachePolicyId"],
        "OriginRequestPolicyId": inputs["originRequestPolicyId"],
        "FunctionAssociations": _list(functions),
    }


def distribution(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.cloudfront.Distribution."""
    certificate = inputs["viewerCertificate"]
    errors = [
        {"ErrorCode": int(e["errorCode"]), "ErrorCachingMinTTL": int(e["errorCachingMinTtl"])}
        for e in inputs["customErrorResponses"]
    ]
    made = clients.cloudfront.create_distribution_with_tags(
        DistributionConfigWithTags={
            "DistributionConfig": {
                "CallerReference": inputs["comment"],
                "Comment": inputs["comment"],
                "Enabled": inputs["enabled"],
                "Aliases": _list(inputs["aliases"]),
                "HttpVersion": inputs["httpVersion"],
                "IsIPV6Enabled": inputs["isIpv6Enabled"],
                "PriceClass": inputs["priceClass"],
                "Origins": _list([_origin(origin) for origin in inputs["origins"]]),
                "DefaultCacheBehavior": _behavior(inputs["defaultCacheBehavior"]),
                "CustomErrorResponses": _list(errors),
                "Restrictions": {
                    "GeoRestriction": {
                        "RestrictionType": inputs["restrictions"]["geoRestriction"]["restrictionType"],
                        "Quantity": 0,
                    }
                },
                "ViewerCertificate": {
                    "ACMCertificateArn": certificate["acmCertificateArn"],
                    "SSLSupportMethod": certificate["sslSupportMethod"],
                    "MinimumProtocolVersion": certificate["minimumProtocolVersion"],
                },
            },
            "Tags": {"Items": tag_list(inputs.get("tags"))},
        }
    )["Distribution"]
    return made["Id"], {"arn": made["ARN"], "domainName": made["DomainName"]}


def log_source(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.cloudwatch.LogDeliverySource."""
    made = clients.in_region("logs", inputs["region"]).put_delivery_source(
        name=inputs["name"],
        resourceArn=inputs["resourceArn"],
        logType=inputs["logType"],
        tags=inputs.get("tags", {}),
    )
    return inputs["name"], {"arn": made["deliverySource"]["arn"]}


def log_destination(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.cloudwatch.LogDeliveryDestination."""
    made = clients.in_region("logs", inputs["region"]).put_delivery_destination(
        name=inputs["name"],
        outputFormat=inputs["outputFormat"],
        deliveryDestinationConfiguration={
            "destinationResourceArn": inputs["deliveryDestinationConfiguration"]["destinationResourceArn"]
        },
        tags=inputs.get("tags", {}),
    )
    return inputs["name"], {"arn": made["deliveryDestination"]["arn"]}


def log_delivery(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.cloudwatch.LogDelivery."""
    (to,) = inputs["s3DeliveryConfigurations"]
    made = clients.in_region("logs", inputs["region"]).create_delivery(
        deliverySourceName=inputs["deliverySourceName"],
        deliveryDestinationArn=inputs["deliveryDestinationArn"],
        recordFields=inputs["recordFields"],
        s3DeliveryConfiguration={
            "suffixPath": to["suffixPath"],
            "enableHiveCompatiblePath": to["enableHiveCompatiblePath"],
        },
        tags=inputs.get("tags", {}),
    )
    return made["delivery"]["id"], {"arn": made["delivery"]["arn"]}


MAKERS = {
    "aws:cloudfront/distribution:Distribution": distribution,
    "aws:cloudfront/function:Function": function,
    "aws:cloudwatch/logDelivery:LogDelivery": log_delivery,
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": log_destination,
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": log_source,
    "random:index/randomPassword:RandomPassword": random_password,
}
