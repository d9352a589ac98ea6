# JSON's texts and lists of texts are TOML's as well.
locals {
  aliases = [for point in aws_s3control_multi_region_access_point.this : "mrap = ${jsonencode("${trimsuffix(point.alias, ".mrap")}.mrap")}"]

  head = concat(
    [
      "topology = ${jsonencode(var.topology)}",
      "allowed_origins = ${jsonencode(var.allowed_origins)}",
      "routing = ${jsonencode(var.routing)}",
    ],
    length(local.signers) > 0 ? ["signers = ${jsonencode(local.signers)}"] : [],
    var.allow_anonymous ? ["allow_anonymous = true"] : [],
  )

  # API Gateway gives up after 30 s, with a reply that pages cannot read: the signer's own comes before.
  server = ["[server]", "request_timeout = \"25s\""]

  site_tables = [for site in local.sites : concat(
    [
      "[[sites]]",
      "id = ${jsonencode(site.id)}",
      "region = ${jsonencode(site.region)}",
      "bucket = ${jsonencode(site.bucket)}",
    ],
    site.accelerate ? ["accelerate = true"] : [],
    local.aliases,
  )]

  downloads_table = [for index, key in aws_cloudfront_public_key.this :
    ["[downloads]", "domain = ${jsonencode(local.downloads_domain)}", "key_pair_id = ${jsonencode(key.id)}"]
  ]

  credentials_table = [for role in aws_iam_role.browser : ["[credentials]", "role_arn = ${jsonencode(role.arn)}"]]

  tables        = concat([local.head, local.server], local.site_tables, local.downloads_table, local.credentials_table)
  configuration = format("%s\n", join("\n\n", concat([for table in local.tables : join("\n", table)], compact([trimspace(var.configuration)]))))
}
