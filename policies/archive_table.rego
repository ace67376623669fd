package payhook

import rego.v1

archive_table_type := "aws:glue/catalogTable:CatalogTable"

# METADATA
# title: The catalogue's table reads the audit bucket's archive
# description: >-
#   Athena reads what the table's location says. A location elsewhere shows somebody else's data as ours, or ours where no rule guards it. Location
#   and partition template are text in every preview: absent is a violation.
# scope: rule
# custom:
#   fix: keep the location of infra/lib/archive_catalogue.py
#   pci: ["7.2.6", "10.3.1", "12.5.2"]
stack_deny_archive_location contains message if {
	some table in of_type(archive_table_type)
	some path in [["storageDescriptor", "location"], ["parameters", "storage.location.template"]]
	location := value_or_null(table, path)
	not is_in_archive(location)
	message := say(table, sprintf("%s is %s", [concat(".", path), shown(table, path)]), "keep it below archive/ of a bucket of this stack")
}

is_in_archive(location) if {
	some bucket in buckets
	startswith(location, sprintf("s3://%s/archive/", [physical_name(bucket)]))
}
