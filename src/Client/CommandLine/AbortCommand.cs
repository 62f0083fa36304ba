using System.CommandLine;
using Media.Client;

namespace Media.CommandLine;

/// <summary><c>media abort TAG…</c></summary>
internal static class AbortCommand
{
    public static Command Create(CommonOptions common)
    {
        var tags = new Argument<string[]>("TAG") { Description = "Tags of uploads.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("abort", "Abort uploads, whoever holds them, and drop what is there.") { tags };
        command.SetAction((arguments, cancellationToken) => ServerCall.RunAsync(common, arguments, async client =>
        {
            var failures = new List<MediaException>();
            foreach (var tag in arguments.GetValue(tags)!)
            {
                try
                {
                    await client.AbortUploadAsync(tag, cancellationToken: cancellationToken);
                    if (common.Json(arguments))
                        JsonLines.Write(new AbortedUpload(tag), JsonLines.Forms.AbortedUpload);
                    else
                        Console.Out.WriteLine($"aborted  {Printable.Of(tag)}");
                }
                catch (MediaException e)
                {
                    failures.Add(e);
                    if (common.Json(arguments))
                        JsonLines.Write(FailedUpload.Of(tag, e), JsonLines.Forms.FailedUpload);
                    await Console.Error.WriteLineAsync($"media: {Printable.Of(tag)}: {Printable.Of(e.Message)} [{e.Code}]");
                }
            }

            return ExitCode.Of(failures);
        }));
        return command;
    }
}
