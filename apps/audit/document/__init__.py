"""The trail as a person reads it, on a page or on paper: what it covers, what proves it, and every entry in words."""

from apps.audit.document.content import About, Aside, cell
from apps.audit.document.html import write_html
from apps.audit.document.pdf import TooMuchForPaper, write_pdf

__all__ = ["About", "Aside", "TooMuchForPaper", "cell", "write_html", "write_pdf"]
