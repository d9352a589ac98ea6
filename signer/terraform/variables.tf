variable "name" {
  description = "What the names of roles, functions and other resources begin with."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,29}$", var.name))
    error_message = "Write a letter and up to 29 further lower-case letters, digits and hyphens as `name`."
  }
}

variable "topology" {
  description = "`direct`: one bucket. `accelerated`: one bucket with Transfer Acceleration. `hybrid`: the same, and CloudFront for downloads. `multi-region`: several buckets that replicate to each other. `mrap`: the same behind a Multi-Region Access Point."
  type        = string

  validation {
    condition     = contains(["direct", "accelerated", "hybrid", "multi-region", "mrap"], var.topology)
    error_message = "Write `direct`, `accelerated`, `hybrid`, `multi-region` or `mrap` as `topology`. `custom` needs nothing of AWS, and so no module."
  }
}

variable "sites" {
  description = "The buckets, in the order that breaks ties. `replicate_to`: the ids of the sites that get copies of what is uploaded here; without it, all others that have none either. So `[]` keeps a site's objects where they are, and those of others away."
  type = list(object({
    id           = string
    region       = string
    bucket       = string
    kms_key_arn  = optional(string)
    replicate_to = optional(list(string))
  }))

  validation {
    condition     = length(var.sites) > 0 && length(var.sites) == length(distinct(var.sites[*].id)) && length(var.sites) == length(distinct(var.sites[*].bucket))
    error_message = "Name one site at least in `sites`, each with an id and a bucket of its own."
  }

  validation {
    condition     = alltrue([for site in var.sites : can(regex("^[a-z0-9][a-z0-9-]{0,29}$", site.id))])
    error_message = "Write 1 to 30 lower-case letters, digits and hyphens as the `id` of each site."
  }

  validation {
    condition     = alltrue([for site in var.sites : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", site.bucket))])
    error_message = "Write 3 to 63 lower-case letters, digits, hyphens and dots as the `bucket` of each site."
  }

  validation {
    condition     = alltrue([for site in var.sites : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", site.region))])
    error_message = "Write a region such as `eu-central-1` for each site."
  }

  validation {
    condition     = alltrue(flatten([for site in var.sites : [for id in coalesce(site.replicate_to, []) : id != site.id && contains(var.sites[*].id, id)]]))
    error_message = "Write ids of other sites in `replicate_to`."
  }

  validation {
    condition     = alltrue([for site in var.sites : site.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:${site.region}:", site.kms_key_arn))])
    error_message = "Write the ARN of a key in the site's own region as `kms_key_arn`."
  }
}

variable "allowed_origins" {
  description = "The origins of the pages that upload, exactly as browsers send them."
  type        = list(string)

  validation {
    condition     = length(var.allowed_origins) > 0 && alltrue([for origin in var.allowed_origins : can(regex("^https?://[^/*]+$", origin))])
    error_message = "Write origins such as `https://www.example.com` in `allowed_origins`: one at least, without a path, a slash at the end or a `*`."
  }
}

variable "domain" {
  description = "The name of the signers, such as `sign.example.com`. With several sites each signer has a name of its own below it: `ID.sign.example.com`. Without it, each has the name that API Gateway gives it."
  type        = string
  default     = null

  validation {
    condition     = var.domain == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "Write a name such as `sign.example.com` as `domain`, without `https://`."
  }
}

variable "zone_id" {
  description = "The public hosted zone of Route 53 in which `domain` is."
  type        = string
  default     = null
}

variable "routing" {
  description = "How browsers choose among the sites: `measured`, `home` or `fixed`, as signer.example.toml explains."
  type        = string
  default     = "measured"

  validation {
    condition     = contains(["measured", "home", "fixed"], var.routing)
    error_message = "Write `measured`, `home` or `fixed` as `routing`."
  }
}

variable "allow_anonymous" {
  description = "Whether calls without a token are answered."
  type        = bool
  default     = false
}

variable "temporary_credentials" {
  description = "Whether pages may ask for temporary credentials and sign parts by themselves: makes the role that is assumed for them."
  type        = bool
  default     = false
}

variable "object_tags" {
  description = "Whether rules of the configuration set tags: the signer then may."
  type        = bool
  default     = false
}

variable "downloads" {
  description = "With `hybrid`: the public key (PEM, RSA of 2048 bits) to the private key by which the signer signs addresses of CloudFront. `domain`: a name of your own instead of CloudFront's; `certificate_arn`: its certificate, in us-east-1."
  type = object({
    public_key      = string
    domain          = optional(string)
    certificate_arn = optional(string)
    price_class     = optional(string, "PriceClass_All")
  })
  default = null

  validation {
    condition     = try((var.downloads.domain == null) == (var.downloads.certificate_arn == null), true)
    error_message = "Write both `domain` and `certificate_arn` in `downloads`, or neither."
  }
}

variable "configuration" {
  description = "Further tables of the signer's configuration, as TOML: [[issuers]], [[rules]], [limits] and so on."
  type        = string
  default     = ""
}

variable "buckets" {
  description = "With `mrap`: for each site's id the output `bucket` of its region."
  type        = map(object({ name = string, arn = string }))
  default     = {}
}
