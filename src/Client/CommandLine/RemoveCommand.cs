using System.CommandLine;
using Media.Client;

namespace Media.CommandLine;

/// <summary><c>media rm FILEID…</c></summary>
internal static class RemoveCommand
{
    public static Command Create(CommonOptions common)
    {
        var ids = new Argument<string[]>("FILEID") { Description = "Ids of files; the tags of the uploads that they came by.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("rm", "Delete files from the catalog. Nothing is asked. A content goes some time after its last file.") { ids };
        command.SetAction((arguments, cancellationToken) => ServerCall.RunAsync(common, arguments, async client =>
        {
            var failures = new List<MediaException>();
            foreach (var id in arguments.GetValue(ids)!)
            {
                try
                {
                    // First, so that what is gone can be told by its name.
                    var file = await client.GetFileAsync(id, cancellationToken);
                    await client.DeleteFileAsync(id, cancellationToken);
                    if (common.Json(arguments))
                        JsonLines.Write(DeletedFile.Of(id, file), JsonLines.Forms.DeletedFile);
                    else
                        Console.Out.WriteLine($"deleted  {Printable.Of(id)}  {Sizes.Bytes(file.Size)}  {Printable.Of(file.FileName)}");
                }
                catch (MediaException e)
                {
                    failures.Add(e);
                    if (common.Json(arguments))
                        JsonLines.Write(FailedFile.Of(id, e), JsonLines.Forms.FailedFile);
                    await Console.Error.WriteLineAsync($"media: {Printable.Of(id)}: {Printable.Of(e.Message)} [{e.Code}]");
                }
            }

            return ExitCode.Of(failures);
        }));
        return command;
    }
}
