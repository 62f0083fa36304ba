using Amazon.S3;
using Amazon.S3.Model;
using Media.Grains.Contents;
using Media.Grains.Ports;

namespace Media.Silo.S3;

/// <summary>
/// Whether the store holds to the condition on a copy's source (<c>x-amz-copy-source-if-match</c>). Ceph RGW for one ignored it for years. Asked once, by a
/// copy that must not be made.
/// </summary>
internal sealed partial class S3SourceCondition(S3Connection connection, string bucket, ILogger logger)
{
    // Where nothing is read, and lifecycle rules delete what a crash leaves.
    private const string Target = ContentKeys.QuarantinePrefix + "copy-condition";
    private const string NoETag = "\"00000000000000000000000000000000\"";

    private volatile Answer _answer;

    private enum Answer
    {
        Unknown,
        Held,
        Ignored,
    }

    /// <summary>Tells it, by an object that is there.</summary>
    public async ValueTask<bool> IsHeldAsync(string source, CancellationToken cancellationToken)
    {
        if (_answer != Answer.Unknown) return _answer == Answer.Held;
        try
        {
            var request = new CopyObjectRequest
            {
                SourceBucket = bucket,
                SourceKey = source,
                ETagToMatch = NoETag,
                DestinationBucket = bucket,
                DestinationKey = Target,
            };
            await S3Failures.RunAsync(client => client.CopyObjectAsync(request, cancellationToken), connection.Client, cancellationToken);
        }
        catch (StoreUnavailableException failure) when (S3Failures.IsConditionFailed(failure))
        {
            _answer = Answer.Held;
            return true;
        }
        catch (StoreUnavailableException failure) when (S3Failures.IsNotFound(failure))
        {
            // There is nothing to copy, in whatever way.
            return true;
        }

        if (_answer == Answer.Unknown) LogIgnored();
        _answer = Answer.Ignored;
        await S3Failures.RunAsync(client => client.DeleteObjectAsync(bucket, Target, cancellationToken), connection.Client, cancellationToken);
        return false;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The object store does not hold to conditions on a copy's source. Objects without versions are copied by parts.")]
    private partial void LogIgnored();
}
