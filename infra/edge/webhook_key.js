// A CloudFront Function (cloudfront-js-2.0, viewer request): takes the API key out of the address and into the header `x-api-key`, where API Gateway looks for it.
//
// Providers let people register an address and nothing else. So the key stands in the address, `/webhook/{provider}/{key}` or `?key=`, and goes no further than
// this function: what it passes on has neither path nor query string with a key in it. What it cannot take apart it answers itself, so that an address with a key in
// an unexpected place reaches no log of the origin either.
//
// `HANDSHAKE_PARAMETERS` is put before this text by infra/lib/edge.py: the query parameters that a provider's handshake has, by the catalogue.
// Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html, read 2026-11-25.

// API Gateway's keys have 20 to 128 characters: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html, read 2026-11-25.
var KEY = /^[A-Za-z0-9_-]{20,128}$/;
var PATH = /^\/webhook(?:\/([a-z0-9]{1,32})(?:\/([A-Za-z0-9_-]{20,128}))?)?\/?$/;

function refusal(status, description, error, message) {
    return {
        statusCode: status,
        statusDescription: description,
        headers: { 'content-type': { value: 'application/json' }, 'cache-control': { value: 'no-store' } },
        body: JSON.stringify({ accepted: false, error: error, message: message })
    };
}

// The one value of a query parameter; null where it is given twice, so that nobody has to guess which was meant.
function only(parameter) {
    return parameter.multiValue && parameter.multiValue.length > 1 ? null : parameter.value;
}

function handler(event) {
    var request = event.request;
    var match = PATH.exec(request.uri);
    if (!match) {
        return refusal(403, 'Forbidden', 'forbidden', 'no such route');
    }
    if (request.method !== 'POST' && request.method !== 'GET') {
        var refused = refusal(405, 'Method Not Allowed', 'method_not_allowed', 'send POST');
        refused.headers.allow = { value: 'GET, POST' };
        return refused;
    }

    var key = match[2];
    var given = request.querystring.key;
    if (given) {
        var inQuery = only(given);
        if (key || !inQuery || !KEY.test(inQuery)) {
            return refusal(403, 'Forbidden', 'forbidden', 'the address has no API key that can be read: one key, in the path or in ?key=');
        }
        key = inQuery;
    }
    if (key) {
        request.headers['x-api-key'] = { value: key };
    }

    var kept = {};
    if (request.method === 'GET') {
        HANDSHAKE_PARAMETERS.forEach(function (name) {
            var parameter = request.querystring[name];
            if (parameter && only(parameter)) {
                kept[name] = { value: only(parameter) };
            }
        });
    }
    request.querystring = kept;
    request.cookies = {};
    request.uri = match[1] ? '/webhook/' + match[1] : '/webhook';
    // Whatever the sender wrote there: behind the edge every request comes from CloudFront's own addresses.
    request.headers['x-viewer-ip'] = { value: event.viewer.ip };
    return request;
}
