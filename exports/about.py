"""What a file says of itself: where it comes from, whose it is, what its columns mean."""

import json
from html import escape
from typing import Any

from exports.order import About, Order

PLATFORM = "Muang"
GMD = "http://www.isotc211.org/2005/gmd"


def licences(order: Order, about: About) -> dict[str, str]:
    """Licences of the sources the asker was told of; of no other."""
    told = about.source or ""
    return {source: words for source, words in order.licences.items() if source in told}


def document(order: Order, about: About) -> dict[str, Any]:
    """Provenance of an export as JSON: the same in every format that can hold it."""
    made: dict[str, Any] = {
        "layer": order.layer,
        "title": {"th": order.title_th, "en": order.title_en},
        "description": {"th": order.description_th, "en": order.description_en},
        "town": {"th": order.town_th, "en": order.town_en},
        "synthetic": order.synthetic,
        "source": about.source,
        "licence": licences(order, about) or None,
        "version": about.version,
        "as_of": about.as_of,
        "position": about.position,
        "exported_at": about.at,
        "exported_by": PLATFORM,
        "selection": dict(order.selection),
        "fields": [
            {
                "name": column.name,
                "type": column.kind,
                "title": {"th": column.title_th, "en": column.title_en},
                **({"unit": column.unit} if column.unit else {}),
            }
            for column in order.columns
        ],
    }
    if order.geometry is not None:
        srid = order.geometry.srid
        made["crs"] = f"EPSG:{srid}"
        made["geometry"] = order.geometry.kind
    return made


def text(order: Order, about: About) -> str:
    """`document` as one line of JSON, Thai readable."""
    return json.dumps(document(order, about), ensure_ascii=False)


def iso_xml(order: Order, about: About) -> str:
    """The same as ISO 19139 metadata, the parts a catalogue looks for."""

    def words(tag: str, value: str) -> str:
        return f"<gmd:{tag}><gco:CharacterString>{escape(value)}</gco:CharacterString></gmd:{tag}>"

    terms = "; ".join(f"{name}: {told}" for name, told in licences(order, about).items())
    limits = words("useLimitation", terms or "not stated")
    statement = f"{about.source or '-'}; version {about.version} as of {about.as_of or '-'}"
    crs = ""
    if order.geometry is not None:
        crs = (
            "<gmd:referenceSystemInfo><gmd:MD_ReferenceSystem><gmd:referenceSystemIdentifier>"
            f"<gmd:RS_Identifier>{words('code', str(order.geometry.srid))}"
            f"{words('codeSpace', 'EPSG')}</gmd:RS_Identifier></gmd:referenceSystemIdentifier>"
            "</gmd:MD_ReferenceSystem></gmd:referenceSystemInfo>"
        )
    return (
        f'<gmd:MD_Metadata xmlns:gmd="{GMD}" xmlns:gco="http://www.isotc211.org/2005/gco">'
        f"{words('fileIdentifier', f'{order.layer}@{about.position}')}"
        "<gmd:characterSet><gmd:MD_CharacterSetCode codeList="
        f'"{GMD}#MD_CharacterSetCode" codeListValue="utf8"/></gmd:characterSet>'
        f"<gmd:contact><gmd:CI_ResponsibleParty>{words('organisationName', order.town_th)}"
        f'<gmd:role><gmd:CI_RoleCode codeList="{GMD}#CI_RoleCode" codeListValue="publisher"/>'
        "</gmd:role></gmd:CI_ResponsibleParty></gmd:contact>"
        f"<gmd:dateStamp><gco:DateTime>{about.at}</gco:DateTime></gmd:dateStamp>{crs}"
        "<gmd:identificationInfo><gmd:MD_DataIdentification><gmd:citation><gmd:CI_Citation>"
        f"{words('title', f'{order.title_th} · {order.title_en}')}</gmd:CI_Citation></gmd:citation>"
        f"{words('abstract', f'{order.description_th} · {order.description_en}')}"
        f"<gmd:resourceConstraints><gmd:MD_Constraints>{limits}</gmd:MD_Constraints>"
        "</gmd:resourceConstraints></gmd:MD_DataIdentification></gmd:identificationInfo>"
        "<gmd:dataQualityInfo><gmd:DQ_DataQuality><gmd:lineage><gmd:LI_Lineage>"
        f"{words('statement', statement)}</gmd:LI_Lineage></gmd:lineage></gmd:DQ_DataQuality>"
        "</gmd:dataQualityInfo></gmd:MD_Metadata>"
    )
