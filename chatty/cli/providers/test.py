"""``chatty providers test``."""

from chatty.cli.arguments import AsJson, ProviderArgument
from chatty.cli.errors import Leave, error_from_object, error_line
from chatty.cli.exit_codes import exit_code
from chatty.cli.output.json import print_json
from chatty.cli.output.notes import say
from chatty.cli.output.streams import write_note
from chatty.cli.session import Session

EXAMPLE = "chatty providers test openai"


def try_provider(name: ProviderArgument, as_json: AsJson = False) -> None:
    """Prove that a key works.

    Asks the provider for its models, which costs nothing.
    """
    answer = Session().call("provider.test", {"name": name})
    error = error_from_object(answer["error"]) if answer.get("error") else None
    if as_json:
        print_json(answer)
    elif error is not None:
        write_note(error_line(error))
    else:
        count = answer["models"]
        say(f"{name} works: {count} model{'' if count == 1 else 's'} in {answer['elapsed_ms']:.0f} ms")
    if error is not None:
        raise Leave(exit_code(error.type))
