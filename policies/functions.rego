package payhook

import rego.v1

function_type := "aws:lambda/function:Function"

# METADATA
# title: A function runs what was built and tested
# description: >-
#   A Rust binary on Amazon Linux 2023 for arm64, from a zip: no interpreter to patch, no container image or layer from elsewhere. Runtime and
#   architecture are never computed: absent is a violation (AWS's default architecture is x86_64, on which the binary does not start).
# scope: rule
# custom:
#   fix: keep runtime and architectures of infra/lib/functions.py
#   pci: ["2.2.1", "6.3.2", "6.3.3"]
deny_function_runtime contains message if {
	input.__type == function_type
	some property, wanted in {"runtime": function_runtime, "architectures": function_architectures, "handler": "bootstrap"}
	wrong := not_exactly(subject, [property], wanted)
	message := say(subject, wrong, "run the binary that was built")
}

deny_function_runtime contains message if {
	input.__type == function_type
	some property in {"imageUri", "layers", "fileSystemConfig", "vpcConfig", "s3Bucket"}
	has_value(subject, [property])
	message := say(subject, sprintf("it has %s", [property]), "run the zip that was built and nothing else")
}

deny_function_runtime contains message if {
	input.__type == function_type
	not has_code(subject)
	message := say(subject, "it has no code", "run the zip that was built")
}

has_code(function) if {
	some part in value(function, ["code"])
	is_known(part)
}

# METADATA
# title: A function has 512 MB
# description: >-
#   Memory decides the share of a processor, and all the times that the limits were computed from were measured with 512 MB. Never computed; AWS's
#   default is 128, so absent is a violation.
# scope: rule
# custom:
#   fix: take memory_size from infra/limits.json
#   pci: ["2.2.1"]
deny_function_memory contains message if {
	input.__type == function_type
	wrong := not_exactly(subject, ["memorySize"], function_memory_mb)
	message := say(subject, wrong, "give it 512 MB")
}

# METADATA
# title: A function has one to five invocations of its own, or as many as its capacity needs
# description: >-
#   Reserved concurrency keeps a flood of webhooks from using up the account's invocations, and other functions from using up this one's. 0 stops the
#   function, -1 or absent reserves nothing. Never computed: absent is a violation.
# scope: rule
# custom:
#   fix: take reserved_concurrent_executions from infra/limits.json
#   pci: ["2.2.1", "2.2.6"]
deny_function_concurrency contains message if {
	input.__type == function_type
	most := reserved_concurrency_max[capacity(subject)]
	wrong := not_between(subject, ["reservedConcurrentExecutions"], reserved_concurrency_min, most)
	message := say(subject, wrong, sprintf("reserve 1 to %d invocations", [most]))
}

# The capacity by which a resource is sized. A tag that names none of the known ones counts for nothing.
capacity(resource) := named if {
	named := value(resource, ["tags", "Capacity"])
	reserved_concurrency_max[named]
} else := default_capacity

recursion_type := "aws:lambda/functionRecursionConfig:FunctionRecursionConfig"

# The functions that invoke themselves until their work is done, by their base names.
functions_that_go_on := {"archival_function"}

# METADATA
# title: Who may invoke itself, and nobody else
# description: >-
#   Lambda stops a function that invokes itself some sixteen times and drops the call, unless it is told that this is wanted. The archive goes on
#   from invocation to invocation and counts how often, so it is told so; of the others a loop is a fault, and Lambda stops it. Where a preview may
#   leave unknown which function is meant, the dependency says so.
# scope: rule
# custom:
#   fix: keep GOES_ON of infra/lib/functions.py
#   pci: ["10.7.2", "6.2.4"]
stack_deny_recursion contains message if {
	some function in functions
	base_name(function) in functions_that_go_on
	allowed := [1 |
		some told in of_type(recursion_type)
		may_link(told, ["functionName"], function)
		value(told, ["recursiveLoop"]) == "Allow"
	]
	count(allowed) != 1
	message := say(function, "Lambda stops it after it has invoked itself some sixteen times", "set recursive_loop to Allow")
}

stack_deny_recursion contains message if {
	some told in of_type(recursion_type)
	value_or_null(told, ["recursiveLoop"]) != "Terminate"
	every function in [function | some function in functions; base_name(function) in functions_that_go_on] {
		not may_link(told, ["functionName"], function)
	}
	message := say(told, "it lets a function invoke itself without end", "leave that to the functions that go on")
}

# METADATA
# title: A function has a time-out of its own
# description: >-
#   The queue's visibility time-out follows from it (stack_deny_queue_visibility). Never computed; AWS's default of 3 seconds is not what was
#   measured, so absent is a violation.
# scope: rule
# custom:
#   fix: take timeout from infra/limits.json
#   pci: ["2.2.1"]
deny_function_timeout contains message if {
	input.__type == function_type
	wrong := not_between(subject, ["timeout"], 1, 900)
	message := say(subject, wrong, "state a time-out")
}

# Names that promise a secret, in lower case, and values that are one. Names of where a secret is kept (…_NAME, …_PREFIX, …_ALIAS, …_ARN, …_URL) are no secrets.
secret_name := `password|passwd|secret|token|api_?key|private_?key|access_?key|credential|signing`

secret_place := `_(name|prefix|alias|arn|url)$`

secret_value := concat("|", [
	`A[KS]IA[0-9A-Z]{16}`,
	`-----BEGIN`,
	`whsec_[A-Za-z0-9+/=]{16,}`,
	`[sr]k_(live|test)_[A-Za-z0-9]{8,}`,
	`eyJ[A-Za-z0-9_-]{8,}[.]`,
	`://[^/ :@]+:[^/ :@]+@`,
	`^[0-9a-fA-F]{32,}$`,
	`^[A-Za-z0-9+/]{40,}={0,2}$`,
])

# METADATA
# title: A function says which code it is
# description: >-
#   With the hash of its zip an unchanged build is an unchanged deploy, and a deploy says by whose bytes it changed what. The program computes the hash
#   before anything is deployed: absent is a violation.
# scope: rule
# custom:
#   fix: keep source_code_hash of infra/lib/functions.py
#   pci: ["6.5.1", "11.5.2"]
deny_function_hash contains message if {
	input.__type == function_type
	wrong := not_given(subject, ["sourceCodeHash"])
	message := say(subject, wrong, "pass the hash of the zip")
}

# METADATA
# title: No secret in a function's variables
# description: >-
#   Variables are shown to everybody who may look at a function, and kept in Pulumi's state. The secrets of the providers are in Secrets Manager, read
#   by name. The message names the variable and never its value.
# scope: rule
# custom:
#   fix: read the value from Secrets Manager
#   pci: ["8.3.2", "8.6.2", "3.6.1.2"]
deny_function_secret contains message if {
	input.__type == function_type
	some name, found in value(subject, ["environment", "variables"])
	is_secret(name, found)
	message := say(subject, sprintf("the variable %s looks like a secret", [name]), "keep it in Secrets Manager")
}

is_secret(name, _) if {
	regex.match(secret_name, lower(name))
	not regex.match(secret_place, lower(name))
}

is_secret(_, found) if {
	is_string(found)
	regex.match(secret_value, found)
}

# METADATA
# title: A function does not log bodies for others
# description: >-
#   LOG_LEVEL debug or trace writes what the libraries see, requests to AWS included. In a deployed environment it is info or less, and said. Never
#   computed: absent is a violation.
# scope: rule
# custom:
#   fix: set LOG_LEVEL to info, warn or error
#   pci: ["3.3.1", "3.5.1"]
deny_function_log_level contains message if {
	input.__type == function_type
	path := ["environment", "variables", "LOG_LEVEL"]
	not value_or_null(subject, path) in {"info", "warn", "error"}
	message := say(subject, sprintf("LOG_LEVEL is %s", [shown(subject, path)]), "use info, warn or error")
}
