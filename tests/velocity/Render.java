// Renders API Gateway's mapping templates with Apache Velocity: one case a line on stdin, one
// result a line on stdout.
//
// A case is seven fields with tabs between them: template, body (`-` for none), path parameters,
// query parameters, headers, context, stage variables. A text is Base64 of UTF-8; a map is
// `name:value` pairs of such texts with commas between them. A name of the context with dots in it
// is a path through maps. A result is `ok`, the text, and what the template assigned to
// `$context.responseOverride.status`; or `error` and the message.
//
// `$input`, `$util` and `$context` have what AWS documents and the stack uses:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html, read 2026-11-27.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.VelocityEngine;

public class Render {
    public static class Input {
        private final String body;
        private final Map<String, Map<String, Object>> params = new LinkedHashMap<>();

        Input(String body, Map<String, Object> path, Map<String, Object> query, Map<String, Object> header) {
            this.body = body;
            params.put("path", path);
            params.put("querystring", query);
            params.put("header", header);
        }

        public String getBody() {
            return body;
        }

        public Map<String, Map<String, Object>> params() {
            return params;
        }

        // Path, then query string, then headers; each name exactly.
        public Object params(String name) {
            for (Map<String, Object> part : params.values()) {
                if (part.containsKey(name)) {
                    return part.get(name);
                }
            }
            return "";
        }
    }

    public static class Util {
        public String urlEncode(String text) {
            return URLEncoder.encode(text, StandardCharsets.UTF_8);
        }

        public String base64Encode(String text) {
            return encode(text);
        }
    }

    private static String decode(String field) {
        return new String(Base64.getDecoder().decode(field), StandardCharsets.UTF_8);
    }

    private static String encode(Object text) {
        return Base64.getEncoder().encodeToString(String.valueOf(text).getBytes(StandardCharsets.UTF_8));
    }

    private static Map<String, Object> map(String field) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (String pair : field.isEmpty() ? new String[0] : field.split(",")) {
            String[] parts = pair.split(":", 2);
            values.put(decode(parts[0]), decode(parts[1]));
        }
        return values;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> nested(Map<String, Object> flat) {
        Map<String, Object> top = new LinkedHashMap<>();
        flat.forEach((name, value) -> {
            Map<String, Object> inner = top;
            String[] words = name.split("\\.");
            for (int i = 0; i < words.length - 1; i++) {
                inner = (Map<String, Object>) inner.computeIfAbsent(words[i], key -> new LinkedHashMap<>());
            }
            inner.put(words[words.length - 1], value);
        });
        return top;
    }

    private static String render(VelocityEngine engine, String line) {
        String[] fields = line.split("\t", -1);
        String body = fields[1].equals("-") ? null : decode(fields[1]);
        Map<String, Object> context = nested(map(fields[5]));
        Map<String, Object> override = new LinkedHashMap<>();
        context.put("responseOverride", override);
        VelocityContext names = new VelocityContext();
        names.put("input", new Input(body, map(fields[2]), map(fields[3]), map(fields[4])));
        names.put("util", new Util());
        names.put("context", context);
        names.put("stageVariables", map(fields[6]));
        StringWriter text = new StringWriter();
        try {
            engine.evaluate(names, text, "template", decode(fields[0]));
        } catch (RuntimeException error) {
            return "error\t" + encode(error.getMessage());
        }
        return "ok\t" + encode(text) + "\t" + encode(override.getOrDefault("status", ""));
    }

    public static void main(String[] arguments) throws Exception {
        VelocityEngine engine = new VelocityEngine();
        // Version 1.7 writes a log file otherwise.
        engine.setProperty("runtime.log.logsystem.class", "org.apache.velocity.runtime.log.NullLogChute");
        // Both versions forbid templates what could leave the sandbox, as anybody would who renders
        // strangers' templates.
        engine.setProperty(
            "runtime.introspector.uberspect", "org.apache.velocity.util.introspection.SecureUberspector");
        engine.init();
        BufferedReader cases =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        PrintStream results = new PrintStream(System.out, false, StandardCharsets.US_ASCII);
        for (String line = cases.readLine(); line != null; line = cases.readLine()) {
            results.println(render(engine, line));
        }
        results.flush();
    }
}
