"""What new conversations begin with."""

from dataclasses import dataclass


@dataclass(slots=True)
class Choices:
    """The model and the project in use, as far as they are known."""

    model: tuple[str, str] = ("", "")
    """Provider and model; both empty while a choice is needed."""
    is_model_chosen: bool = False
    """It was chosen for the conversations of this sitting; otherwise a project's own model goes before it."""
    project_id: str | None = None
    project_name: str = ""
