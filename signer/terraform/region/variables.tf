variable "site" {
  description = "The id of the site that is in this region: one of `sites`."
  type        = string
}

variable "nearput" {
  description = "The output `shared` of the module above this one."
  type = object({
    name             = string
    allowed_origins  = list(string)
    signer_role_arn  = string
    domain           = optional(string)
    zone_id          = optional(string)
    distribution_arn = optional(string)
    sites = map(object({
      id           = string
      region       = string
      bucket       = string
      arn          = string
      kms_key_arn  = optional(string)
      accelerate   = bool
      replicate_to = list(string)
      domain       = optional(string)
    }))
  })
}

variable "configuration" {
  description = "The output `configuration` of the module above this one."
  type        = string
}

variable "zip" {
  description = "The signer as a zip file for Lambda, with the program as `bootstrap` in it."
  type        = string
}

variable "architecture" {
  description = "What the program was built for: `arm64` or `x86_64`."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "Write `arm64` or `x86_64` as `architecture`."
  }
}

variable "ticket_keys" {
  description = "NEARPUT_TICKET_KEYS, the same in all regions: `kid1:base64,kid0:base64`."
  type        = string
  sensitive   = true

  validation {
    condition     = can(regex("^[^:,]+:[A-Za-z0-9+/]{43,}=*(,[^:,]+:[A-Za-z0-9+/]{43,}=*)*$", var.ticket_keys))
    error_message = "Write `id:` and the base64 of 32 random bytes as `ticket_keys`: `k1:$(openssl rand -base64 32)`."
  }
}

variable "secrets" {
  description = "Further secrets of the signer, by the name of their variable, such as NEARPUT_METRICS_TOKEN."
  type        = map(string)
  default     = {}
  sensitive   = true
}

variable "configuration_file" {
  description = "Where `configuration` is too long for a function's environment: the place of a file in the zip that has all of it, such as `/var/task/signer.toml`."
  type        = string
  default     = null
}

variable "memory_mb" {
  description = "The function's memory in MB; Lambda gives computing power along with it."
  type        = number
  default     = 512

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240
    error_message = "Write a number from 128 to 10240 as `memory_mb`."
  }
}

variable "throttle" {
  description = "The most calls in a second, and at once, that API Gateway lets through in this region; it answers 429 to others."
  type        = object({ rate = optional(number, 500), burst = optional(number, 1000) })
  default     = {}

  validation {
    condition     = var.throttle.rate >= 1 && var.throttle.burst >= 1
    error_message = "Write numbers from 1 on as `rate` and `burst` of `throttle`."
  }
}

variable "reserved_concurrency" {
  description = "How many instances of the function may run at once, taken from the account's number for it alone. -1 takes none from it, and has no limit of its own."
  type        = number
  default     = -1

  validation {
    condition     = var.reserved_concurrency == -1 || var.reserved_concurrency >= 1
    error_message = "Write a number from 1 on as `reserved_concurrency`, or -1 for no limit of its own."
  }
}

variable "log_retention_days" {
  description = "How long the signer's log is kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "CloudWatch Logs knows only certain numbers of days as `log_retention_days`, such as 7, 30, 90 or 365."
  }
}

variable "buckets" {
  description = "With several sites: for each site's id the output `bucket` of its region. Replication begins when all of them are there."
  type        = map(object({ name = string, arn = string }))
  default     = {}
}

variable "abort_multipart_days" {
  description = "After how many days the bucket aborts a multipart upload that nobody has completed: later than `tickets.max_lifetime` of the configuration, which is 7 days unless it is said."
  type        = number
  default     = 8

  validation {
    condition     = var.abort_multipart_days >= 1 && var.abort_multipart_days <= 365 && floor(var.abort_multipart_days) == var.abort_multipart_days
    error_message = "Write a whole number of days from 1 to 365 as `abort_multipart_days`."
  }
}

variable "noncurrent_days" {
  description = "After how many days versions are removed that were replaced or deleted. Without it they are kept."
  type        = number
  default     = null

  validation {
    condition     = var.noncurrent_days == null || try(var.noncurrent_days >= 1, false)
    error_message = "Write a number of days from 1 on as `noncurrent_days`, or leave it out."
  }
}

variable "replication_time_control" {
  description = "Whether AWS promises replication within 15 minutes, for a price by the byte."
  type        = bool
  default     = false
}

variable "replication_metrics" {
  description = "Whether replication is measured, with an alarm where it fails or lags behind. Replication Time Control measures as well."
  type        = bool
  default     = false
}

variable "alarm_actions" {
  description = "Whom the alarms tell: ARNs of SNS topics in this region."
  type        = list(string)
  default     = []
}

variable "force_destroy" {
  description = "Whether `destroy` removes the bucket with all that is in it."
  type        = bool
  default     = false
}
