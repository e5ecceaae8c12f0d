"""Names of people, schools and subjects for the invented district. Pure data, all made up.

Many are not plain ASCII, because those are the names that get lost on the way.
"""
# ruff: noqa: SIM905 - words in a row read better than words in quotes

import unicodedata
from typing import Final

GIVEN: Final = tuple(
    "Ada Aisha Alejandro Amara Amélie André Anh Anna Aarav Beatriz Björn Brandon Camila Carlos"
    " Chloé Daniel Darnell Dmitri Eleni Elif Emma Esperanza Fatima Fiona François Gabriel Grace"
    " Hana Hiroshi Ibrahim Imani Inés Isla Jack Jade Jamal Jörg José Juan Kaito Keisha Kofi Lars"
    " Layla Leila Liam Łukasz Lucía Mai Malik María Marek Mateo Maya Mehmet Mia Miguel Mohammed"
    " Nadia Ngọc Nia Noah Nuño Olivia Omar Oscar Priya Quinn Rafael Renée Rosa Sáoirse Samir"
    " Sofía Søren Tariq Théo Thảo Uma Václav Valentina Wei Xiomara Yara Yusuf Zoë Zuzana"
    " Mary-Kate 美咲 Ólafur".split()
)
FAMILY: Final = tuple(
    "Abara Adeyemi Ahmed Almeida Alvarez Andersen Baker Bauer Begum Bernard Brown Carter Castillo"
    " Chen Clark Cruz D'Angelo Davis Díaz Dvořák Edwards Eriksson Estévez Evans Fernández Flores"
    " Fofanah Fraser García Gómez Green Grønberg Guðmundsson Gupta Hall Hernández Hill Hoàng"
    " Ibáñez Jackson Jansen Johnson Kamara Khan Kim Kowalczyk Kuznetsov Larsson Le Lee Lewis"
    " López Łaszewska Martin Martínez McAllister Mbeki Mendoza Miller Mitchell Mohamed Müller"
    " Muñoz Nakamura Nguyễn Novák O'Brien Okafor Olsen Ortiz Park Patel Peña Pérez Petrov Phạm"
    " Quiñones Ramírez Reyes Rivera Robinson Rossi Sánchez Santos Schmidt Scott Silva Singh Smith"
    " Sørensen Stewart Suárez Szabó Tanaka Taylor Thomas Torres Tran Turner Ünal Vargas Vázquez"
    " Walker Wang White Williams Wilson Wójcik Wright Yamamoto Yılmaz Young Zając 李".split()
)
SCHOOLS: Final = tuple(
    "Alder Aspen Bayview Birchwood Bluestone Canyon Cedar Chestnut Clearwater Copper Cottonwood"
    " Creekside Dogwood Eastgate Elm Fairview Fern Foxglove Garnet Granite Greenfield Harbor"
    " Hawthorn Hazel Heron Hickory Highland Hillcrest Ironwood Juniper Kestrel Lakeside Larkspur"
    " Laurel Linden Magnolia Maple Meadow Millbrook Northgate Oakmont Orchard Osprey Palisade"
    " Pinecrest Prairie Quail Ridgeline Riverbend Rosewood Sagebrush Sequoia Silverleaf Spruce"
    " Stonebridge Summit Sunrise Sycamore Tamarack Thornton Valley Walnut Westbrook Willow"
    " Windham Yarrow".split()
)

SIDES: Final = ("", "North", "South", "East", "West", "Upper", "Lower", "Old", "New")

# code, title, subject, SCED subject code; the core of each band of grades
ELEMENTARY: Final = (
    ("HRM", "Homeroom", "Homeroom", "22106"),
    ("ELA", "Language Arts", "English", "51028"),
    ("MTH", "Mathematics", "Mathematics", "52030"),
    ("SCI", "Science", "Science", "53230"),
    ("SOC", "Social Studies", "Social Studies", "54430"),
    ("MUS", "Music", "Music", "55130"),
    ("PHE", "Physical Education", "Physical Education", "58030"),
)
SECONDARY: Final = (
    ("ENG", "English", "English", "01001"),
    ("MAT", "Mathematics", "Mathematics", "02072"),
    ("SCN", "Science", "Science", "03051"),
    ("HIS", "History", "Social Studies", "04101"),
    ("PED", "Physical Education", "Physical Education", "08001"),
)
ELECTIVES: Final = (
    ("ART", "Studio Art", "Art", "05154"),
    ("BND", "Band", "Music", "05101"),
    ("SPA", "Español I", "World Languages", "06101"),
    ("CSC", "Computer Science", "Computer Science", "10012"),
    ("DRA", "Theatre", "Drama", "05052"),
    ("FRA", "Français I", "World Languages", "06121"),
)
_LETTERS: Final = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "ı": "i", "ð": "d"})


def plain(name: str) -> str:
    """A name as it stands in logins: `Nguyễn` is `nguyen`; what has no letters there is `x`."""
    apart = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    return "".join(c for c in apart if c.isascii() and c.isalpha()).lower() or "x"
