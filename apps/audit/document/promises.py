"""What a sealed trail proves and what it does not, said in every report in the same words."""

from django.utils.translation import gettext_lazy as _

PROMISES = (
    (
        _("No sealed entry was changed, removed, inserted or reordered since any checkpoint that an outsider kept."),
        _("That an entry was captured as it happened before it was sealed."),
    ),
    (
        _("Every personal value that is shown is the one that was recorded; a forged one is found."),
        _("That the application named the true person. The database login is recorded beside."),
    ),
    (
        _("A value that was erased was erased and not altered, and how many are withheld is known."),
        _("Anything, to somebody who kept no checkpoint and trusts no key."),
    ),
    (
        _("One entry is proved by less than a kilobyte, without the others."),
        _(
            "That nothing was written by an owner of the database who disabled the triggers. The coverage below shows"
            " them as they are now."
        ),
    ),
    (
        _("A choice of entries holds only entries of the log."),
        _("That a choice of entries is complete. Only the whole log is."),
    ),
)
"""Pairs of a sentence that can be proved and one that cannot."""
