"""moto as a server, which also tells what it has been told but leaves out of its replies. Without these, Terraform would wait for
ever, or find at each plan that something is to be changed. Arguments are those of moto_server."""

import sys

from moto.apigatewayv2.models import DomainName
from moto.cloudfront.models import DefaultCacheBehaviour, Origin, ViewerCertificate
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.s3.responses import S3Response
from moto.s3control.models import MultiRegionAccessPoint
from moto.s3control.responses import S3ControlResponse
from moto.server import main


def after(kind, change):
    """Has `change` look at each new thing of this kind, and at what it was made of."""
    begin = kind.__init__

    def begin_and_change(self, *config, **named):
        begin(self, *config, **named)
        change(self, *config, **named)

    kind.__init__ = begin_and_change


# API Gateway: that a name can be used, and where it leads.
name_in_short = DomainName.to_json


def name_in_full(self):
    place = {
        "domainNameStatus": "AVAILABLE",
        "apiGatewayDomainName": f"d-{self.domain_name.replace('.', '-')}.execute-api.{self.domain_name_arn.split(':')[3]}.amazonaws.com",
        "hostedZoneId": "ZEXAMPLE",
    }
    configurations = [{**each, **place} for each in self.domain_name_configurations]
    told = {**name_in_short(self), "domainNameConfigurations": configurations}
    return {key: value for key, value in told.items() if value not in ({}, None)}


DomainName.to_json = name_in_full

# S3: rules of replication with all that is in them.
parse_replication = S3Response._replication_config_from_xml


def replication_as_it_came(self):
    replication = self.backend.get_bucket_replication(self.bucket_name)
    return (200, {}, replication["AsItCame"]) if replication else replication_in_short(self)


replication_in_short = S3Response.get_bucket_replication
S3Response._replication_config_from_xml = lambda self, xml: {**parse_replication(self, xml), "AsItCame": xml}
S3Response.get_bucket_replication = replication_as_it_came


# S3's access points: an alias of letters and digits only, and the policy that was proposed, which is the one in force.
def alias_as_of_aws(point, **_):
    point.alias = point.alias.removesuffix(".mrap").replace("-", "")[-13:] + ".mrap"


after(MultiRegionAccessPoint, alias_as_of_aws)


def policy_in_full(self):
    account, name = self._get_param("AccountId"), self._get_param("Name")
    policy = {"Policy": self.backend.get_multi_region_access_point_policy(account_id=account, name=name)}
    return ActionResult({"Policy": {"Established": policy, "Proposed": policy}})


S3ControlResponse.get_multi_region_access_point_policy = policy_in_full


# CloudFront: the access control of an origin; nothing of what is the other of two ways; and the end of key groups.
def tell_access_control(origin, config):
    origin.origin_access_control_id = config.get("OriginAccessControlId", "")


def leave_forwarded_values_out(behaviour, config):
    if behaviour.cache_policy_id:
        del behaviour.forwarded_values


def leave_other_certificates_out(certificate, config):
    for key in ("iam_certificate_id", "acm_certificate_arn"):
        if not getattr(certificate, key):
            delattr(certificate, key)


def delete_key_group(self):
    self.backend.key_groups.pop(self._get_param("Id"))
    return EmptyResult()


CloudFrontResponse.delete_key_group = delete_key_group
after(Origin, tell_access_control)
after(DefaultCacheBehaviour, leave_forwarded_values_out)
after(ViewerCertificate, leave_other_certificates_out)

sys.exit(main())
