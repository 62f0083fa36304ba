using System.CommandLine;
using System.CommandLine.Invocation;
using Media.CommandLine;

var common = new CommonOptions();
var root = new RootCommand("Uploads, downloads, lists and deletes files, and hashes them.")
{
    UploadCommand.Create(common),
    ListCommand.Create(common),
    ShowCommand.Create(common),
    AbortCommand.Create(common),
    FilesCommand.Create(common),
    GetCommand.Create(common),
    VerifyCommand.Create(common),
    RemoveCommand.Create(common),
    HashCommand.Create(common),
    PasswordHashCommand.Create(),
    VersionCommand.Create(),
};
common.AddTo(root);

// A file may be called @something; it is not a list of further arguments.
var command = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
if (command is { Errors.Count: > 0, Action: ParseErrorAction or null })
{
    foreach (var error in command.Errors)
        await Console.Error.WriteLineAsync("media: " + error.Message);
    await Console.Error.WriteLineAsync("Try 'media --help'.");
    return ExitCode.Usage;
}

try
{
    // Interrupted work has this long to tell the server that it lets go.
    return await command.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(10), EnableDefaultExceptionHandler = false });
}
catch (IOException e)
{
    // Whoever read the output has stopped reading.
    await Console.Error.WriteLineAsync("media: " + e.Message);
    return ExitCode.Failed;
}
