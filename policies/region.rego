package payhook

import rego.v1

# A region's name wherever it stands: in an ARN, an address, a variable, a document.
region_form := concat("", [
	`(?:af|ap|ca|cn|eu|il|me|mx|sa|us)(?:-gov|-isob?)?`,
	`-(?:central|north|south|east|west|northeast|northwest|southeast|southwest)-[0-9]`,
])

# METADATA
# title: Everything is in us-east-2
# description: >-
#   Data, keys and logs stay in the one region that is in scope. Every region that a property names, in ARNs, addresses, documents or a resource's own
#   region, is that one. Absent means the provider's region, which deny_region_provider judges.
# scope: rule
# custom:
#   fix: build ARNs and addresses with infra/lib/settings.py
#   pci: ["12.5.2", "3.2.1"]
deny_region_foreign contains message if {
	not is_pulumi_own(input.__type)
	some found in regex.find_n(region_form, without_edge(subject), -1)
	found != region
	message := say(subject, sprintf("it names the region %s", [found]), sprintf("everything is in %s", [region]))
}

# CloudFront belongs to no region: its certificate is in us-east-1, its log is delivered from there (deny_edge_region), and who lets the delivery in names it.
edge_forms := {
	`arn:aws:acm:us-east-1:[0-9]{12}:certificate/`,
	`arn:aws:logs:us-east-1:[0-9]{12}:delivery`,
}

without_edge(resource) := regex.replace(json.marshal(own_properties(resource)), concat("|", sort(edge_forms)), "")

own_properties(resource) := object.remove(resource.__properties, ["region"]) if is_delivery(resource)

own_properties(resource) := resource.__properties if not is_delivery(resource)

is_delivery(resource) if resource.__type in {delivery_type, delivery_source_type, delivery_destination_type}

# METADATA
# title: The provider works in us-east-2
# description: >-
#   A resource goes where its provider says. The runtime gives a resource its provider's settings;
#   where it gives any of AWS's provider, the region must be among them. The evaluated graph has no
#   provider, and there this rule has nothing to say: the program itself refuses another region
#   (infra/lib/settings.py).
# scope: rule
# custom:
#   fix: pulumi config set aws:region us-east-2
#   pci: ["12.5.2"]
deny_region_provider contains message if {
	some settings in provider_settings
	found := object.get(settings, "region", null)
	found != region
	message := say(subject, sprintf("its provider's region is %s", [json.marshal(found)]), sprintf("set aws:region to %s", [region]))
}

provider_settings contains input.__provider.properties if {
	not is_pulumi_own(input.__type)
	object.get(input.__provider, "type", aws_provider) == aws_provider
	count(input.__provider.properties) > 0
}

provider_settings contains subject.__properties if input.__type == aws_provider

# Other providers, such as that of random values, work in no region.
aws_provider := "pulumi:providers:aws"

# METADATA
# title: Nothing is copied to another region
# description: >-
#   Replicas of tables and secrets would keep payment data where nobody looks. Absent is right here.
# scope: rule
# custom:
#   fix: remove the replicas
#   pci: ["3.2.1", "12.5.2"]
deny_region_replica contains message if {
	some property in {"replicas", "replicationConfiguration"}
	count(value(subject, [property])) > 0
	message := say(subject, sprintf("it has %s", [property]), "keep it in one region")
}

# METADATA
# title: No ARN of another account
# description: >-
#   Queues, roles and keys of another account are outside the scope and under another's control. The account that most ARNs of the stack name is the
#   stack's own; an ARN with another is refused.
# scope: rule
# custom:
#   fix: build ARNs with infra/lib/settings.py
#   pci: ["7.2.5", "12.5.2"]
stack_deny_account_foreign contains message if {
	# Asked once for the whole stack, which names one account as a rule; only where it names two is each resource asked for its own.
	count(accounts_in([resource.__properties | some resource in input.resources])) > 1
	account := most_common([found | some named in named_accounts; some found in named.accounts])
	some named in named_accounts
	some found in named.accounts
	found != account
	message := say(named.resource, sprintf("it names the account %s, the stack's is %s", [found, account]), "build the ARN from the stack's own account")
}

named_accounts := [{"resource": resource, "accounts": accounts_in(resource.__properties)} | some resource in input.resources]

accounts_in(properties) := {match[1] |
	some match in regex.find_all_string_submatch_n(`(?::|//sqs\.[a-z0-9-]+\.amazonaws\.com/)([0-9]{12})[:/]`, json.marshal(properties), -1)
}
