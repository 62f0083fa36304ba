using System.Text;
using Amazon.S3.Model;
using FsCheck;
using FsCheck.Fluent;
using Media.DevStorage.Metadata;
using Media.DevStorage.Tests.Support;

namespace Media.DevStorage.Tests;

public sealed class ListingTests(StorageServer server) : IClassFixture<StorageServer>
{
    [Fact]
    public async Task ListObjects_AnyKeys_AreInTheOrderOfTheirUtf8Bytes()
    {
        var bucket = await server.NewBucketAsync();
        string[] keys = ["a", "a/b", "a b", "Z", "é", "\uffee", "\U0001F600", "日本", "~", "a\u0300"];
        await Task.WhenAll(keys.Select(k => server.PutAsync(bucket, k, [1])));
        var listed = await server.S3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket });
        Assert.Equal(keys.OrderBy(k => Convert.ToHexString(Encoding.UTF8.GetBytes(k)), StringComparer.Ordinal), listed.S3Objects.Select(o => o.Key));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(100)]
    public async Task ListObjects_PrefixAndDelimiterInPages_GivesEachKeyAndPrefixOnce(int page)
    {
        var bucket = await server.NewBucketAsync();
        string[] keys = ["d/a/1", "d/a/2", "d/a/3", "d/b", "d/c/1", "d/c/2", "d/d", "e/x", "d!", "d/z/"];
        await Task.WhenAll(keys.Select(k => server.PutAsync(bucket, k, [1])));
        var second = new List<string>();
        var request = new ListObjectsV2Request { BucketName = bucket, Prefix = "d/", Delimiter = "/", MaxKeys = page };
        ListObjectsV2Response answer;
        do
        {
            answer = await server.S3.ListObjectsV2Async(request);
            Assert.True(answer.KeyCount <= page);
            second.AddRange((answer.S3Objects ?? []).Select(o => o.Key).Concat(answer.CommonPrefixes ?? []));
            request.ContinuationToken = answer.NextContinuationToken;
        }
        while (answer.IsTruncated == true);
        Assert.Equal(["d/a/", "d/b", "d/c/", "d/d", "d/z/"], second.Order(StringComparer.Ordinal));

        var first = new List<string>();
        var old = new ListObjectsRequest { BucketName = bucket, Prefix = "d/", Delimiter = "/", MaxKeys = page };
        ListObjectsResponse oldAnswer;
        do
        {
            oldAnswer = await server.S3.ListObjectsAsync(old);
            first.AddRange((oldAnswer.S3Objects ?? []).Select(o => o.Key).Concat(oldAnswer.CommonPrefixes ?? []));
            old.Marker = oldAnswer.NextMarker;
        }
        while (oldAnswer.IsTruncated == true);
        Assert.Equal(second.Order(StringComparer.Ordinal), first.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ListObjects_BadArguments_AreRefused()
    {
        var bucket = await server.NewBucketAsync();
        foreach (var query in (string[])["max-keys=-1", "max-keys=x", "encoding-type=utf", "list-type=2&continuation-token=%21"])
            Assert.Equal("InvalidArgument", (await server.Raw.SendAsync("GET", $"/{bucket}?{query}")).Code);
    }

    [Fact]
    public void Utf8Order_AnyTwoStrings_ComparesLikeTheirBytes() => Prop.ForAll<string, string>((a, b) =>
    {
        (a, b) = (Valid(a), Valid(b));
        var expected = Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b));
        return Math.Sign(Utf8Order.CompareSpans(a, b)) == Math.Sign(expected);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void OrderedMap_AnyChanges_IsASortedDictionary() => Prop.ForAll<int[]>(steps =>
    {
        var map = new OrderedMap<string>();
        var model = new SortedDictionary<string, string>(Utf8Order.Instance);
        var random = new System.Random(steps.Length);
        for (var i = 0; i < 3000; i++)
        {
            var key = "k" + random.Next(800 + steps.Length);
            if (random.Next(3) == 0)
            {
                Assert.Equal(model.Remove(key), map.Remove(key));
            }
            else
            {
                map.Set(key, key + i);
                model[key] = key + i;
            }
        }

        var listed = new List<string>();
        for (var cursor = map.From(""); cursor.MoveNext();)
            listed.Add(cursor.Key + cursor.Value);
        Assert.Equal(model.Select(p => p.Key + p.Value), listed);
        var after = map.After("k3");
        Assert.True(after.MoveNext());
        Assert.Equal(model.Keys.First(k => string.CompareOrdinal(k, "k3") > 0), after.Key);
        var beyond = map.AfterPrefix("k3");
        Assert.True(beyond.MoveNext());
        Assert.Equal(model.Keys.First(k => string.CompareOrdinal(k, "k3") > 0 && !k.StartsWith("k3", StringComparison.Ordinal)), beyond.Key);
        return map.Count == model.Count;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(20));

    private static string Valid(string? text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text ?? ""));
}
