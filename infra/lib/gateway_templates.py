"""Builds the gateway's mapping templates (VTL): a request becomes an SQS message, and SQS's answer
becomes the provider's answer.

API Gateway renders them with Apache Velocity. `tests/velocity` renders the same text with the real
engine.
Sources, read 2026-11-27:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
https://velocity.apache.org/engine/1.7/user-guide.html ("Directives": `#else` directly before text needs `#{else}`)
"""

from lib.catalogue import Provider

ACCEPTED = '{"accepted":true}'
# The characters that no queue takes, as they look once they are URL-encoded: the control characters
# but for tab, line feed and carriage return, U+FFFE and U+FFFF. Nothing else looks like them: a
# percent sign becomes `%25`, only characters below U+0020 begin with `%0` or `%1`, and `%EF` begins
# a character of three bytes. Encoded, the template stays ASCII.
# Sources, read 2026-11-27:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html (the allowed set)
# https://www.w3.org/TR/REC-xml/#charsets (`Char`, which is that set)
NOT_FOR_A_QUEUE = (*(f"%0{digit}" for digit in "012345678BCEF"), "%1", "%EF%BF%BE", "%EF%BF%BF")


def error_body(code: str, message: str) -> str:
    """Every refusal has this form."""
    return f'{{"accepted":false,"error":"{code}","message":"{message}"}}'


# Base64, so it has characters that mean something in a form.
REQUEST_ID = "$util.urlEncode($context.extendedRequestId)"
PATH_PROVIDER = "$util.urlEncode($input.params('provider'))"
EMPTY = error_body("bad_request", "the body is empty")
UNQUEUABLE = error_body("bad_request", "the body holds a character that no queue takes: see XML 1.0, Char")
TOO_LARGE = error_body("too_large", "the body is larger than is accepted")
UNAVAILABLE = error_body("unavailable", "not stored: send it again")


# The sender's address: the other end of the connection, or, behind the edge, what CloudFront saw.
CALLER_ADDRESS = "$util.urlEncode($context.identity.sourceIp)"
VIEWER_ADDRESS = "$viewer"
# The header into which the edge writes the sender's address (`infra/edge/webhook_key.js`).
VIEWER_HEADER = "x-viewer-ip"
HEADER_VALUE = "$util.urlEncode($input.params().header.get($h))"


def collect_headers(wanted: list[str], viewer: bool) -> str:
    """Sets `$headers` to an `h.{lower-case name}={value}` pair for each wanted header that was
    sent, and `$viewer` to the sender's address behind the edge.

    `$input.params(name)` compares header names exactly, and they arrive in the case in which they
    were sent: CloudFront capitalises each word. So this looks at every header and compares its name
    in lower case; no name has a comma. A header that is sent twice in different cases gives two
    pairs, in the order of the map; of the address the last one counts.
    Sources, read 2026-11-27:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html (names are case-sensitive)
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html (capitalisation)
    """
    no_address = address = ""
    if viewer:
        no_address = '#set($viewer = "")'
        address = f'#if($n == "{VIEWER_HEADER}")#set($viewer = "{HEADER_VALUE}")#end'
    return (
        f'#set($want = ",{",".join(wanted)},")#set($headers = ""){no_address}'
        "#foreach($h in $input.params().header.keySet())"
        "#set($n = $h.toLowerCase())"
        f'#if($want.contains(",$n,"))#set($headers = "${{headers}}&h.$n={HEADER_VALUE}")#end'
        f"{address}#end"
    )


def request_template(providers: tuple[Provider, ...], provider: str = "", source_ip: str = CALLER_ADDRESS) -> str:
    """Sends the body, unchanged, with one attribute `request`: a form string, because SQS takes no
    empty attribute.

    A body with a character that no queue takes is sent in Base64, and the form string says so with
    `encoding=base64`. A sender cannot write that field: all that comes from a request is encoded,
    and headers have a prefix. A body with U+FFFD goes as it is. API Gateway puts that character in
    place of bytes that are not UTF-8, so it may be damaged, or have come like this: the signature
    tells.

    `provider` is the template of the path's provider, empty on the route without one. An empty body
    makes a request without a message body, which SQS refuses: nothing is queued.
    """
    wanted = sorted({header for provider in providers for header in provider.forwarded_headers})
    # `$context.requestId` is not ours: "Clients can override this request ID", and two webhooks with
    # one id could not be told apart in the audit log.
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html, read 2026-11-27.
    request = f"provider={provider}&request_id={REQUEST_ID}&source_ip={source_ip}$encoding$headers"
    unqueueable = ",".join(f'"{part}"' for part in NOT_FOR_A_QUEUE)
    return (
        f"{collect_headers(wanted, source_ip == VIEWER_ADDRESS)}"
        '#if("$!input.body" == "" || $input.body == "{}")'
        "Action=SendMessage&Version=2012-11-05"
        "#{else}"
        '#set($encoded = $util.urlEncode($input.body))#set($encoding = "")'
        f"#foreach($part in [{unqueueable}])"
        '#if($encoded.contains($part))#set($encoding = "&encoding=base64")#end#end'
        f'#set($request = "{request}")'
        "Action=SendMessage&Version=2012-11-05"
        '#if($encoding == "")&MessageBody=$util.urlEncode($input.body)'
        "#{else}&MessageBody=$util.urlEncode($util.base64Encode($input.body))#{end}"
        "&MessageAttribute.1.Name=request"
        "&MessageAttribute.1.Value.DataType=String"
        "&MessageAttribute.1.Value.StringValue=$util.urlEncode($request)"
        "#{end}"
    )


def success_template(providers: tuple[Provider, ...]) -> str:
    """The answer each provider expects, once the queue holds the message."""
    special = [p for p in providers if p.acknowledgement_body != ACCEPTED]
    branches = ""
    for index, provider in enumerate(special):
        word = "#if" if index == 0 else "#elseif"
        branches += f'{word}($context.path.endsWith("/{provider.name}")){provider.acknowledgement_body}'
    return f"{branches}#{{else}}{ACCEPTED}#{{end}}" if special else ACCEPTED


# What in SQS's answer 400 is the fault of the body, and what the provider is told then. Everything
# else with that status is ours: the query protocol answers a key that is disabled, denied, throttled
# or not found with 400, and a queue that does not exist, too.
# Sources, read 2026-11-27: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html#API_SendMessage_Errors;
# the errors' `awsQueryError` traits in SQS's Smithy model, of which `tests/velocity` has a table.
TOO_LONG = "must be shorter than"
BODY_FAULTS = {"MissingParameter": EMPTY, "InvalidMessageContents": UNQUEUABLE}


def refusal_template() -> str:
    """SQS answered 400: the body is too large, absent or not for a queue. Otherwise the fault is on
    our side, and the provider is told to send again.
    """
    faults = "".join(
        f'#elseif($input.body.contains("{code}"))#set($context.responseOverride.status = 400){answer}'
        for code, answer in BODY_FAULTS.items()
    )
    return (
        f'#if($input.body.contains("{TOO_LONG}"))#set($context.responseOverride.status = 413){TOO_LARGE}'
        f"{faults}"
        f"#{{else}}#set($context.responseOverride.status = 503){UNAVAILABLE}#{{end}}"
    )
