using System.CommandLine;
using System.Globalization;
using Media.Client;
using Media.Client.Uploading;

namespace Media.CommandLine;

/// <summary><c>media hash FILE…</c></summary>
internal static class HashCommand
{
    public static Command Create(CommonOptions common)
    {
        var files = new Argument<string[]>("FILE") { Description = "Files to hash.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("hash", "Print files' tip hash and piece hash. Needs no server.") { files };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var failures = new List<MediaException>();
            foreach (var file in arguments.GetValue(files)!)
            {
                try
                {
                    var hashes = await LocalFiles.HashAsync(file, cancellationToken);
                    if (common.Json(arguments))
                        JsonLines.Write(new HashedFile(file, hashes.Size, hashes.TipHash, hashes.PieceHash), JsonLines.Forms.HashedFile);
                    else
                        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{hashes.TipHash}  {hashes.PieceHash}  {hashes.Size}  {Printable.Of(file)}"));
                }
                catch (MediaException e)
                {
                    failures.Add(e);
                    if (common.Json(arguments))
                        JsonLines.Write(new UnhashedFile(file, "failed", e.Code, e.Message), JsonLines.Forms.UnhashedFile);
                    await Console.Error.WriteLineAsync($"media: {Printable.Of(e.Message)} [{e.Code}]");
                }
                catch (OperationCanceledException)
                {
                    return ExitCode.Interrupted;
                }
            }

            return ExitCode.Of(failures);
        });
        return command;
    }
}
