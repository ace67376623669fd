"""The gateway's mapping templates (VTL): a request becomes an SQS message, SQS's answer becomes the provider's.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html, read 2026-11-23.
"""

from lib.catalogue import Provider

ACCEPTED = '{"accepted":true}'
# What API Gateway makes of bytes that are not UTF-8. A body that holds this character itself cannot be told from one that is not UTF-8.
REPLACEMENT_CHARACTER = "\ufffd"


def error_body(code: str, message: str) -> str:
    """Every refusal has this form."""
    return f'{{"accepted":false,"error":"{code}","message":"{message}"}}'


PATH_PROVIDER = "$util.urlEncode($input.params('provider'))"
EMPTY = error_body("bad_request", "the body is empty or not UTF-8")
TOO_LARGE = error_body("too_large", "the body is larger than is accepted")
UNAVAILABLE = error_body("unavailable", "not stored: send it again")


# Who sent it: the other end of the connection, or behind the edge who connected to it.
CALLER_ADDRESS = "$util.urlEncode($context.identity.sourceIp)"
VIEWER_ADDRESS = "$util.urlEncode($input.params('x-viewer-ip'))"


def request_template(providers: tuple[Provider, ...], provider: str = "", source_ip: str = CALLER_ADDRESS) -> str:
    """Body and one attribute `request`, a form string, because SQS takes no empty attribute. The body goes through untouched.

    `provider` is the template of the path's provider, empty on the route without one. An empty body, and one that is not UTF-8, makes a request without a message body, which SQS refuses: nothing is queued.
    """
    headers = sorted({header for provider in providers for header in provider.forwarded_headers})
    parts = [
        f"provider={provider}",
        "request_id=$context.requestId",
        f"source_ip={source_ip}",
        *[f"h.{header}=$util.urlEncode($input.params('{header}'))" for header in headers],
    ]
    request = "&".join(parts)
    return (
        f'#set($request = "{request}")'
        f'#if($input.body == "" || $input.body == "{{}}" || $input.body.contains("{REPLACEMENT_CHARACTER}"))'
        "Action=SendMessage&Version=2012-11-05"
        "#else"
        "Action=SendMessage&Version=2012-11-05"
        "&MessageBody=$util.urlEncode($input.body)"
        "&MessageAttribute.1.Name=request"
        "&MessageAttribute.1.Value.DataType=String"
        "&MessageAttribute.1.Value.StringValue=$util.urlEncode($request)"
        "#end"
    )


def success_template(providers: tuple[Provider, ...]) -> str:
    """The answer each provider expects, once the queue holds the message."""
    special = [p for p in providers if p.acknowledgement_body != ACCEPTED]
    branches = ""
    for index, provider in enumerate(special):
        word = "#if" if index == 0 else "#elseif"
        branches += f'{word}($context.path.endsWith("/{provider.name}")){provider.acknowledgement_body}'
    return f"{branches}#else{ACCEPTED}#end" if special else ACCEPTED


def refusal_template() -> str:
    """SQS refused the message: too large, or no body."""
    return (
        '#if($input.body.contains("must be shorter than"))'
        f"#set($context.responseOverride.status = 413){TOO_LARGE}"
        f"#else{EMPTY}#end"
    )
