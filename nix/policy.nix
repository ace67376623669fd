# The policy pack as it is handed to Pulumi, its tests under the real OPA, and the gate over the reviewed graph.
{
  lib,
  pkgs,
  sources,
  policy-gate,
  version,
  ...
}:
let
  pack = pkgs.runCommand "payhook-policy-pack-${version}" { } ''
    mkdir $out
    cp ${sources.policies}/policies/PulumiPolicy.yaml ${sources.policies}/policies/*.rego $out/
  '';
  snapshot = "${sources.policies}/infra/snapshots/stack_dev.json";
in
{
  policy-pack = pack;

  # The gate with the pack in hand: judges the graph it is given, else the reviewed one.
  gate = pkgs.writeShellScriptBin "policy" ''
    set -eu
    [ $# -gt 0 ] || set -- ${snapshot}
    exec ${lib.getExe policy-gate} --pack ${pack} "$@"
  '';

  checks = {
    policy-tests =
      pkgs.runCommand "policy-tests"
        {
          nativeBuildInputs = [
            pkgs.open-policy-agent
            pkgs.regal
          ];
        }
        ''
          cd ${sources.policies}
          export HOME=$TMPDIR
          opa check --strict policies tests/policy/rego
          [ -z "$(opa fmt --list policies tests/policy)" ] || { opa fmt --diff policies tests/policy; exit 1; }
          regal lint --config-file policies/.regal/config.yaml policies tests/policy/rego
          opa test --timeout 600s policies tests/policy/rego | tee $out
        '';

    policy-gate-snapshot = pkgs.runCommand "policy-gate-snapshot" { } ''
      COLUMNS=160 ${lib.getExe policy-gate} --pack ${pack} ${snapshot} | tee $out
    '';
  };
}
