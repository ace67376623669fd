"""A template that runs as a function says what airspeed says of it."""

from typing import Any

import airspeed
import pytest

from infra.local_cloud.emulator import velocity
from infra.local_cloud.emulator.velocity_program import program

REQUEST: dict[str, Any] = {
    "path": {"provider": "stripe"},
    "query": {"q": "a b"},
    "headers": {"Content-Type": "text/plain", "get": "hostile", "X-Viewer-Ip": "203.0.113.9"},
    "stage_variables": {"colour": "blue"},
    "context": {"path": "/webhook/adyen", "identity": {"sourceIp": "198.51.100.7"}, "responseOverride": {}},
}
BODY = '{"a":{"b":[1,2]},"text":"é \\"x\\""}'
RUN = {
    "text": 'no directive, #hash, \\$input.body and "quotes"',
    "names": "$input.body|$!nothing.at.all|${stageVariables.colour}|$context.identity.sourceIp|$context.absent",
    "calls": "$input.params('provider') $input.params().header.get('get') $input.params().querystring.size() $util.urlEncode($input.body)",
    "java_methods": "$context.path.contains('adyen') $context.path.length() $context.path.toUpperCase().startsWith('/W')",
    "path": "$input.path('$.a.b') $input.json('$.a')",
    "if": "#if($context.path == '/webhook/adyen')one#elseif($input.body == '')two#{else}three#end",
    "elseif": "#if($nothing == 'x')one#elseif($context.path.endsWith('adyen'))two#{else}three#end",
    "else": "#if(false)one#{else}three#end#if(null)null is so#end",
    "operators": "#if(1 + 2 * 3 == 7 && 'a' != 'b' || false)so#end#if(2 > 1 && 2 >= 3)not#end",
    "interpolated": "#set($x = \"${context.path}?$util.urlEncode('a b')\")$x",
    "foreach": "#foreach($n in [1, 'two', $stageVariables.colour])$foreach.count/$velocityCount:$n#if($foreach.hasNext), #end#end",
    "foreach_of_a_map": "#foreach($h in $input.params().header.keySet())$h=$input.params().header.get($h);#end",
    "foreach_of_nothing": "#foreach($n in $nothing)$n#{end}.",
    "set_in_a_turn": "#set($all = '')#foreach($n in [1, 2])#set($all = \"$all$n\")#set($own = $n)#end[$all][$own][$n][$foreach]",
    "turns_in_a_turn": "#set($n = 'before')#foreach($n in [1, 2])#foreach($n in [3])$n$foreach.last#end$n#end$n",
    "set_of_the_context": "#set($context.responseOverride.status = 413)$context.responseOverride.status",
    "comment": "a## not shown\nb#* nor this *#c",
}
LEFT_TO_AIRSPEED = {
    "macro": "#macro(twice $x)$x$x#end#twice('a')",
    "stop": "before#stop after",
    "index": "$input.path('$.a.b')[1]",
    "no_variable": "costs $5",
    "alternate": "${nothing|'instead'}",
    "range": "#foreach($n in [1..3])$n#end",
    "given_anew": "#foreach($n in [1])#set($input = 'x')#end$input.body",
}


def _by_airspeed(text: str) -> tuple[str, Any]:
    request = {**REQUEST, "context": {**REQUEST["context"], "responseOverride": {}}}
    return airspeed.Template(text).merge(velocity._names(BODY, request)), request["context"]["responseOverride"]


def _here(text: str) -> tuple[str, Any]:
    request = {**REQUEST, "context": {**REQUEST["context"], "responseOverride": {}}}
    return velocity.render(text, BODY, request), request["context"]["responseOverride"]


@pytest.mark.parametrize("name", RUN)
def test_a_template_runs_as_airspeed_renders_it(name: str) -> None:
    assert program(airspeed.Template(RUN[name])) is not None
    assert _here(RUN[name]) == _by_airspeed(RUN[name])


@pytest.mark.parametrize("name", LEFT_TO_AIRSPEED)
def test_what_is_not_known_is_left_to_airspeed(name: str) -> None:
    assert program(airspeed.Template(LEFT_TO_AIRSPEED[name])) is None
    assert _here(LEFT_TO_AIRSPEED[name]) == _by_airspeed(LEFT_TO_AIRSPEED[name])


@pytest.mark.parametrize("text", ["#foreach($n in 5)$n#end", "$util.urlEncode()", "#set($absent.x = 1)"])
def test_an_error_is_airspeeds_own(text: str) -> None:
    assert program(airspeed.Template(text)) is not None
    with pytest.raises(airspeed.TemplateError, match="position"):
        _here(text)


def test_bytes_are_encoded_as_java_encodes_them() -> None:
    text = "".join(map(chr, range(1, 0x180))) + "€🙂"
    expected = "".join(
        "+"
        if c == " "
        else c
        if c.isascii() and (c.isalnum() or c in ".-*_")
        else "".join(f"%{b:02X}" for b in c.encode())
        for c in text
    )
    assert velocity._Util().urlEncode(text) == expected
    assert velocity._Util().urlEncode(None) == ""
