// Asks the libraries for Node: one JSON request a line in, `true` or `false` a line out.
//
// A line is {"provider", "body", "headers", "secret"}; headers have lower-case names. No rule of ours is in here.
import "@shopify/shopify-api/adapters/node";
import { createInterface } from "node:readline";
import { verifyPaystackWebhookSignature } from "@alexasomba/paystack-node";
import { LogSeverity, shopifyApi } from "@shopify/shopify-api";
import { SignatureValidator } from "mollie-api-typescript/utils/webhooks/signature_validator.js";

const judges = {
  async shopify({ body, headers, secret }) {
    const api = shopifyApi({
      apiKey: "example",
      apiSecretKey: secret,
      hostName: "payments.example.com",
      apiVersion: "2026-01",
      isEmbeddedApp: false,
      logger: { level: LogSeverity.Error },
    });
    // The library wants headers that are no part of the signature.
    const facts = { "x-shopify-api-version": "2026-01", "x-shopify-webhook-id": "example" };
    const rawRequest = { method: "POST", url: "/webhook/shopify", headers: { ...facts, ...headers } };
    return (await api.webhooks.validate({ rawBody: body, rawRequest, rawResponse: {} })).valid;
  },
  async mollie({ body, headers, secret }) {
    try {
      return await SignatureValidator.validate(body, secret, headers["x-mollie-signature"] ?? "");
    } catch {
      return false;
    }
  },
  async paystack({ body, headers, secret }) {
    const signature = headers["x-paystack-signature"] ?? "";
    try {
      return verifyPaystackWebhookSignature({ rawBody: body, signature, secret });
    } catch {
      return false;
    }
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  console.log(JSON.stringify(await judges[request.provider](request)));
}
